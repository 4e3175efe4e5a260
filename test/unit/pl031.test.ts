// PL031: the count follows its clock, loads, alarms, wrap-around.
import t from 'tap';
import { HostClock } from '../../src/hw/core/clock.ts';
import { Pl031, RTC_CR, RTC_DR, RTC_ICR, RTC_IMSC, RTC_LR, RTC_MIS, RTC_MR, RTC_RIS } from '../../src/hw/rtc/pl031.ts';
import { ManualClock, RecordingIrq } from './support/devices.ts';

const SECOND = 1e9;

function setup(offset = 1_700_000_000) {
  const irq = new RecordingIrq(), clock = new ManualClock();
  const rtc = new Pl031({ irq, clock, offset });
  return { irq, clock, rtc, r: (o: number) => rtc.read(o, 4), w: (o: number, v: number) => rtc.write(o, 4, v) };
}

t.test('time', async (t) => {
  const { clock, rtc, r, w } = setup();
  t.equal(r(RTC_DR), 1_700_000_000);
  clock.advance(1.5 * SECOND);
  t.equal(r(RTC_DR), 1_700_000_001);
  w(RTC_LR, 5);
  t.equal(r(RTC_DR), 5);
  t.equal(r(RTC_LR), 5);
  clock.advance(0.5 * SECOND);
  t.equal(r(RTC_DR), 6, 'seconds stay aligned with the clock');
  w(RTC_LR, 0xffffffff);
  t.equal(r(RTC_DR), 0xffffffff);
  clock.advance(SECOND);
  t.equal(r(RTC_DR), 0, '32 bits');
  w(RTC_CR, 0);
  t.equal(r(RTC_CR), 1);
  rtc.reset();
  clock.advance(SECOND);
  t.equal(r(RTC_DR), 1, 'a reset keeps the time');
});

t.test('alarm', async (t) => {
  const { irq, clock, rtc, r, w } = setup();
  clock.advance(0.7 * SECOND);
  w(RTC_IMSC, 1);
  w(RTC_MR, r(RTC_DR) + 3);
  clock.advance(2.2 * SECOND);
  t.equal(irq.level, false);
  clock.advance(0.2 * SECOND);
  t.equal(irq.level, true, 'when the count becomes the match value');
  t.equal(r(RTC_MIS), 1);
  w(RTC_IMSC, 0);
  t.equal(irq.level, false);
  t.equal(r(RTC_RIS), 1);
  t.equal(r(RTC_MIS), 0);
  w(RTC_ICR, 1);
  w(RTC_IMSC, 1);
  clock.advance(100 * SECOND);
  t.equal(irq.level, false, 'rings once');

  w(RTC_MR, r(RTC_DR));
  t.equal(irq.level, true, 'at once');
  w(RTC_ICR, 1);
  w(RTC_MR, r(RTC_DR) + 10);
  w(RTC_LR, r(RTC_DR) + 8);
  clock.advance(2 * SECOND);
  t.equal(irq.level, true, 'a load moves the alarm');
  w(RTC_ICR, 1);
  w(RTC_MR, r(RTC_DR) + 1);
  rtc.reset();
  clock.advance(5 * SECOND);
  t.equal(r(RTC_RIS), 0, 'a reset forgets it');
});

t.test('host clock', async (t) => {
  const clock = new HostClock();
  const rtc = new Pl031({ irq: new RecordingIrq(), clock });
  const before = Math.floor(Date.now() / 1000);
  const seconds = rtc.read(RTC_DR, 4);
  t.ok(seconds >= before && seconds <= Math.floor(Date.now() / 1000));
  const keepAlive = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => {
    const timer = clock.timer(resolve);
    timer.arm(clock.now() + 1e18);
    timer.cancel();
    timer.arm(clock.now() + 1e6);
  });
  clearInterval(keepAlive);
});
