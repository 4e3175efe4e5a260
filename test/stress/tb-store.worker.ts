// Scenarios of tb-store.test.ts: threads that store, link, invalidate and look up TBs at once, without a guest.
import { parentPort, workerData } from 'node:worker_threads';
import { Barrier } from '#atomics-sync';
import { Machine } from '../../src/accel/machine-view.ts';
import { TAG, Tlb } from '../../src/accel/tlb.ts';
import { TbStore, type TbKey } from '../../src/accel/tb-store.ts';
import { CPU_TLB_DEFAULT_BITS, TLBEntry, TLB_NOTDIRTY } from '../../src/memory/layout/cpu.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { vcpus } from '../support/bare-machine.ts';
import { random, type CrewData } from './crew.ts';

const { scenario, spec, me, threads, words, params } = workerData as CrewData;
const machine = new Machine(spec), { i32 } = machine, cpus = vcpus(machine), store = new TbStore(machine, cpus);
const barrier = new Barrier(words, 0);
const fail = (what: string): never => { throw new Error(`thread ${me}: ${what}`); };
const PAGE = 4096;
const image = (size: number, codeBytes: number, mark: number) => ({ size, icount: size / 4, code: new Uint8Array(codeBytes).fill(mark), insns: [0, mark], guest: new Int32Array(size / 4) });

/**
 * Again and again an empty code buffer is filled by all with TBs of all sizes: a refused one is followed by smaller ones
 * that still fit. Thread 0 then looks whether each TB has a place of its own. Returns TBs it saw.
 */
function fill(): number {
  const rnd = random(me + 1), { codeBase, codeBytes, tbBase } = spec.layout;
  const word = (tb: number, f: number) => i32[tb + f >>> 2];
  let seen = 0, n = 0;
  for (let round = 0; round < params.rounds; round++) {
    if (me === 0) { store.flush(); for (let k = 0; k < 256 * (TB.size >>> 2); k++) i32[(tbBase >>> 2) + k] = 0; }
    barrier.wait();
    for (let refused = 0; refused < 60; n++) {
      const phys = (n * threads + me) * 4 % spec.ram.buffer.byteLength;
      const code = 16 + rnd() % (refused % 2 ? 48 : 4000);
      if ('full' in store.insert({ phys, flags: 0, csBase: 0, cflags: 0 }, image(4, code, me + 1), store.codeGen(Math.floor(phys / PAGE)))) refused++;
    }
    barrier.wait();
    if (me !== 0) continue;
    const tbs = Array.from({ length: store.stats().tbs }, (_, k) => tbBase + k * TB.size)
      .filter((tb) => word(tb, TB.off.code) !== 0).sort((a, b) => word(a, TB.off.insn_data) - word(b, TB.off.insn_data));
    let end = codeBase;
    for (const tb of tbs) {
      const at = word(tb, TB.off.insn_data), code = word(tb, TB.off.code);
      if (at < end) fail(`round ${round}: two TBs at ${at}`);
      end = code + word(tb, TB.off.code_size);
      if (end > codeBase + codeBytes) fail(`round ${round}: a TB reaches over the end of the buffer`);
    }
    seen += tbs.length;
  }
  return seen;
}

/** No jump of a TB goes to one that is out of use, once whoever takes the latter out of use has let go of its page. */
function checkLinks(src: number): void {
  for (const slot of src === 0 ? [] : [0, 1]) {
    const w = src + TB.off.jmp_dest + 4 * slot >>> 2, dest = Atomics.load(i32, w);
    if (dest <= 1 || Atomics.load(i32, dest + TB.off.flags >>> 2) >= 0) continue;
    for (const tb of [src, dest]) store.tbsOfPage(Math.floor(store.phys(tb) / PAGE));
    if (Atomics.load(i32, w) === dest) fail(`a jump of TB ${src} goes to TB ${dest}, which is out of use`);
  }
}

/**
 * TBs come, are linked with each other, and go when their page is written. A TB is gone when the store returns. What is
 * left at the end is checked by the test.
 */
function churn(): number {
  const rnd = random(me + 1), { pages, slots, ms } = params, own = new Map<number, number>();
  const recent: number[] = [];
  let invalidated = 0;
  barrier.wait();
  for (let n = 0, end = performance.now() + ms; n % 256 !== 0 || performance.now() < end; n++) {
    // Slots of 32 bytes: a thread's own ones and contended ones lie mixed on the same pages.
    const slot = rnd() % slots, phys = (rnd() % pages) * PAGE + slot * 32, page = Math.floor(phys / PAGE), mine = slot % 8 === me;
    const key: TbKey = { phys, flags: 0, csBase: 0, cflags: 0 };
    const r = rnd() % 16;
    if (r < 7) {
      if (!mine && slot % 8 < threads) continue;
      const found = store.lookup(phys, 0, 0, 0);
      const done = found !== 0 ? { tb: found } : store.insert(key, image(32, 16, me), store.protectPage(page));
      if ('full' in done) break;
      if ('tb' in done) {
        recent[rnd() % 16] = done.tb;
        if (mine) {
          if (own.has(phys) && own.get(phys) !== done.tb) fail(`two TBs at ${phys.toString(16)}`);
          own.set(phys, done.tb);
        }
      }
    } else if (r < 14) {
      const src = recent[rnd() % 16], dest = recent[rnd() % 16];
      if (src && dest) store.link(src, rnd() & 1, dest);
    } else if (mine) {
      store.storeToCodePage(phys + rnd() % 32, 1, () => {});
      invalidated++;
      if (store.lookup(phys, 0, 0, 0) !== 0) fail(`the TB at ${phys.toString(16)} outlived a store to it`);
      const tb = own.get(phys);
      if (tb !== undefined && i32[tb + TB.off.flags >>> 2] >= 0) fail('an overwritten TB is not marked invalid');
      own.delete(phys);
    } else if (slot % 8 >= threads && r === 15) store.storeToCodePage(phys, 32, () => {});
    else checkLinks(recent[rnd() % 16] ?? 0);
    // Own TBs go by own stores only, other than by a store of another thread that reaches over a slot's end (none does).
    const at = own.get(phys);
    if (mine && at !== undefined && store.lookup(phys, 0, 0, 0) !== at) fail(`the TB at ${phys.toString(16)} is lost`);
  }
  return invalidated;
}

/**
 * Thread 0 sets a page's NOTDIRTY protection up and takes it down again; the others fill, evict, swap and use TLB
 * entries of it. While the page is protected (words[50] is odd) no entry may be used without the mark.
 */
function dirty(): number {
  const STATE = 50, DONE = 51, page = 5, va = page * PAGE;
  if (me > 0) new Tlb(cpus[me]).init();
  barrier.wait();
  if (me === 0) {
    let n = 0;
    for (const end = performance.now() + params.ms; performance.now() < end; n++) {
      store.protectPage(page);
      Atomics.add(words, STATE, 1);
      for (let k = 0; k < 20; k++) Atomics.pause();
      Atomics.add(words, STATE, 1);
      if (!store.storeToCodePage(va, 4, () => {})) fail('a page without TBs keeps its mark');
    }
    Atomics.store(words, DONE, 1);
    return n;
  }
  const tlb = new Tlb(cpus[me]), rnd = random(me), w = TLBEntry.off.addr_write;
  const fillPage = (a: number, ram: number) => tlb.fill(a, 0, 0, { read: 0, write: 0, code: 0 }, ram - a | 0, ram < a ? -1 : 0, ram, 0, 12);
  const alias = va + (1 << CPU_TLB_DEFAULT_BITS) * PAGE;
  let checked = 0;
  while (Atomics.load(words, DONE) === 0) {
    const before = Atomics.load(words, STATE), r = rnd() % 8;
    // The slot goes to and fro between the page and one that shares its place in the table.
    if (r < 3) { if (!tlb.hit(tlb.entry(alias, 0), TAG[1], alias, 0) && !tlb.victimHit(tlb.entry(alias, 0), 0, TAG[1], alias, 0)) fillPage(alias, 0); }
    else if (r === 3) tlb.flushPage(va, 0, 1);
    const entry = tlb.entry(va, 0);
    if (!tlb.hit(entry, TAG[1], va, 0) && !tlb.victimHit(entry, 0, TAG[1], va, 0)) fillPage(va, va);
    const tag = Atomics.load(i32, entry + w >>> 2);
    if (before & 1 && Atomics.load(words, STATE) === before) {
      checked++;
      if ((tag & TLB_NOTDIRTY) === 0) fail('an entry of a protected page may be written through');
    } else if (tag & TLB_NOTDIRTY) {
      // As a store's slow path does when no code is left.
      Atomics.and(i32, entry + w >>> 2, ~TLB_NOTDIRTY);
      machine.recheckDirty(entry);
    }
  }
  return checked;
}

const scenarios: Record<string, () => number> = { fill, churn, dirty };
parentPort!.postMessage(scenarios[scenario]());
