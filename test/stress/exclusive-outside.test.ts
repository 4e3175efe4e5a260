// Writes of the main thread (DMA, debugger) between LDXR and STXR on a running machine: the STXR must fail, and only then.
import t from 'tap';
import { assemble } from '../../src/asm/index.ts';
import { DebugMemory } from '../../src/machine/debug-memory.ts';
import { VirtMachine } from '../../src/machine/virt.ts';

t.setTimeout(900_000);
const ROUNDS = 60, RAM = 0x40000000, X = RAM + 0x200000, FLAG = RAM + 0x210000, ACK = FLAG + 64, RESULT = RAM + 0x220000;
const GUEST = `
    ldr   x10, =0x${X.toString(16)}
    ldr   x11, =0x${FLAG.toString(16)}
    ldr   x12, =0x${ACK.toString(16)}
    ldr   x13, =0x${RESULT.toString(16)}
    mov   w0, #0
1:  add   w0, w0, #1
    ldxr  x2, [x10]
    stlr  w0, [x11]
2:  ldar  w3, [x12]
    cmp   w3, w0
    b.ne  2b
    stxr  w4, x2, [x10]
    str   w4, [x13, w0, uxtw #2]
    cmp   w0, #${ROUNDS}
    b.ne  1b
    add   w0, w0, #1
    stlr  w0, [x11]
3:  wfi
    b     3b
`;

for (const cpus of [1, 2]) for (const [exclusive, failed] of [['softmmu', 1], ['check', 1], ['cmpxchg', 0]] as const) {
  t.test(`${exclusive}, ${cpus} vCPUs`, { timeout: 300_000 }, async (t) => {
    let ended!: () => void;
    const end = new Promise<void>((resolve) => { ended = resolve; });
    const m = new VirtMachine({
      cpus, cpuModel: 'cortex-a72', gicVersion: 3, ramSize: 64 << 20, thread: 'multi', tbSize: 16 << 20, randomness: false, exclusive,
      boot: { kernel: assemble(GUEST, { base: 0x40080000 }).code, names: { kernel: 'the test guest' } }, onExit: ended,
    });
    const at = (pa: number) => (m.machine.spec.flat.find((r) => r.kind === 'ram')!.ramOffset! + pa - RAM) / 4, { ram32 } = m.machine;
    const debug = new DebugMemory(m), same = new Uint8Array(8);
    await m.start();
    for (let n = 1; n <= ROUNDS; n++) {
      while (Atomics.load(ram32, at(FLAG)) !== n) await new Promise((resolve) => { setTimeout(resolve, 1); });
      if (n % 3 === 1) m.memory.write(X, same);
      else if (n % 3 === 2) debug.write(X + 4, same.subarray(0, 2), 0);
      else m.memory.write(X + 64, same);
      Atomics.store(ram32, at(ACK), n);
    }
    while (Atomics.load(ram32, at(FLAG)) !== ROUNDS + 1) await new Promise((resolve) => { setTimeout(resolve, 1); });
    t.same(Array.from({ length: ROUNDS }, (_, n) => ram32[at(RESULT) + n + 1]), Array.from({ length: ROUNDS }, (_, n) => ((n + 1) % 3 === 0 ? 0 : failed)));
    await m.quit(0);
    await end;
  });
}
