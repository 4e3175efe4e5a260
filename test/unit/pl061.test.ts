// PL061 and the power key: masked data, edges and levels, outputs, one press.
import t from 'tap';
import { GPIO_KEY_LATENCY, GpioKey } from '../../src/hw/gpio/gpio-key.ts';
import { GPIODIR, GPIOIBE, GPIOIC, GPIOIE, GPIOIEV, GPIOIS, GPIOMIS, GPIORIS, Pl061 } from '../../src/hw/gpio/pl061.ts';
import { GPIO_PIN_POWER } from '../../src/machine/virt-map.ts';
import { ManualClock, RecordingIrq } from './support/devices.ts';

function setup() {
  const irq = new RecordingIrq(), outputs = Array.from({ length: 8 }, () => new RecordingIrq());
  const gpio = new Pl061({ irq, outputs });
  return { irq, outputs, gpio, r: (o: number) => gpio.read(o, 4), w: (o: number, v: number) => gpio.write(o, 4, v) };
}
const ALL = 0x3fc;

t.test('data and direction', async (t) => {
  const { outputs, gpio, r, w } = setup();
  w(GPIODIR, 0x0f);
  w(ALL, 0xff);
  t.equal(r(ALL), 0x0f, 'only outputs are written');
  w(0x05 << 2, 0);
  t.equal(r(ALL), 0x0a, 'the address masks the write');
  t.equal(r(0x03 << 2), 0x02, 'and the read');
  gpio.inputs[7].set(true);
  gpio.inputs[0].set(true);
  t.equal(r(ALL), 0x8a, 'an output does not see the outside');
  t.same(outputs.map((o) => o.level), [false, true, false, true, false, false, false, false]);
  w(GPIODIR, 0);
  t.equal(r(ALL), 0x81);
  gpio.reset();
  t.equal(r(ALL), 0x81, 'a reset leaves what is driven from outside');
  t.equal(r(GPIORIS), 0);
});

t.test('edges', async (t) => {
  const { irq, gpio, r, w } = setup();
  w(GPIOIE, 0xff);
  w(GPIOIEV, 1 << 1);
  w(GPIOIBE, 1 << 2);
  for (const line of [0, 1, 2]) gpio.inputs[line].set(true);
  t.equal(r(GPIORIS), 0b110, 'rising');
  w(GPIOIC, 0xff);
  t.equal(irq.level, false);
  for (const line of [0, 1, 2]) gpio.inputs[line].set(false);
  t.equal(r(GPIOMIS), 0b101, 'falling');
  w(GPIOIC, 0b100);
  t.equal(r(GPIORIS), 0b001);
  w(GPIOIE, 0);
  t.equal(irq.level, false);
  t.equal(r(GPIOMIS), 0);
});

t.test('levels', async (t) => {
  const { irq, gpio, r, w } = setup();
  w(GPIOIS, 0b11);
  w(GPIOIEV, 0b01);
  w(GPIOIE, 0b01);
  t.equal(r(GPIORIS), 0b10, 'low level');
  gpio.inputs[0].set(true);
  t.equal(irq.level, true);
  w(GPIOIC, 0xff);
  t.equal(irq.level, true, 'cannot be cleared while it lasts');
  gpio.inputs[0].set(false);
  t.equal(irq.level, false);
});

t.test('power key', async (t) => {
  const { irq, gpio, r, w } = setup();
  const clock = new ManualClock();
  const key = new GpioKey({ line: gpio.inputs[GPIO_PIN_POWER], clock });
  w(GPIOIBE, 1 << GPIO_PIN_POWER);
  w(GPIOIE, 1 << GPIO_PIN_POWER);
  key.press();
  t.equal(r(ALL), 1 << GPIO_PIN_POWER);
  t.equal(irq.level, true);
  w(GPIOIC, 0xff);
  clock.advance(GPIO_KEY_LATENCY / 2);
  key.press();
  clock.advance(GPIO_KEY_LATENCY * 0.9);
  t.equal(r(ALL), 1 << GPIO_PIN_POWER, 'still held');
  clock.advance(GPIO_KEY_LATENCY * 0.2);
  t.equal(r(ALL), 0);
  t.equal(irq.level, true, 'the release is an edge too');
  key.press();
  key.reset();
  t.equal(r(ALL), 0);
});
