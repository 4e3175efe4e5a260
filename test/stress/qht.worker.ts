// Scenarios of qht.test.ts: what each thread does to the shared hash table.
import { parentPort, workerData } from 'node:worker_threads';
import { Barrier } from '#atomics-sync';
import { Machine } from '../../src/accel/machine-view.ts';
import { Qht } from '../../src/accel/qht.ts';
import { random, type CrewData } from './crew.ts';

const { scenario, spec, me, threads, words, params } = workerData as CrewData;
const machine = new Machine(spec), { i32 } = machine, qht = new Qht(machine);
const start = new Barrier(words, 0);

/** A bijection of keys to hashes: no two keys share one. */
const hashOf = (key: number) => Math.imul(key, 0x9e3779b1);
/** Entries are 16 bytes of the TB table holding their key: slot n. */
const entry = (slot: number) => spec.layout.tbBase + slot * 16;
const keyOf = (tb: number) => i32[tb >>> 2];
const lookup = (key: number) => qht.lookup(hashOf(key), (tb) => keyOf(tb) === key);
const fail = (what: string): never => { throw new Error(`thread ${me}: ${what}`); };

/** Each thread inserts, removes and looks up keys of its own; it knows at every moment which of them are in. */
function ownKeys(): number {
  const { keys, steps } = params, rnd = random(me + 1);
  const present = new Int32Array(keys); // entry of each key that is in
  for (let n = 0; n < steps; n++) {
    const k = rnd() % keys, key = 1 + k * threads + me;
    const found = lookup(key);
    if (found !== present[k]) fail(`key ${key}: found ${found}, put in ${present[k]} at step ${n}`);
    if (found !== 0) {
      if (!qht.remove(hashOf(key), found)) fail(`key ${key} could not be removed`);
      if (qht.remove(hashOf(key), found)) fail(`key ${key} was removed twice`);
      present[k] = 0;
    } else {
      // Two entries a key, in turn: a stale one shows.
      const tb = entry(2 * (k * threads + me) + (n & 1));
      i32[tb >>> 2] = key;
      if (qht.insert(hashOf(key), tb, (o) => keyOf(o) === key) !== 0) fail(`key ${key} was there although it had been removed`);
      present[k] = tb;
    }
    if (lookup(key) !== present[k]) fail(`key ${key} right after step ${n}`);
  }
  return present.reduce((sum, tb) => sum + (tb !== 0 ? 1 : 0), 0);
}

/** All threads insert an entry of their own for the same keys: one wins, the others are given the winner's. Returns wins. */
function contended(): number {
  const { rounds, keys } = params;
  let wins = 0;
  for (let r = 0; r < rounds; r++) {
    for (let k = 0; k < keys; k++) {
      const key = 1 + (r & 1) * keys + k, tb = entry(key * threads + me);
      i32[tb >>> 2] = key;
    }
    start.wait();
    const seen: number[] = [];
    for (let k = 0; k < keys; k++) {
      const key = 1 + (r & 1) * keys + k, mine = entry(key * threads + me);
      const first = qht.insert(hashOf(key), mine, (o) => keyOf(o) === key);
      if (first === 0) wins++;
      seen.push(first === 0 ? mine : first);
    }
    start.wait();
    for (let k = 0; k < keys; k++) {
      const key = 1 + (r & 1) * keys + k;
      if (lookup(key) !== seen[k]) fail(`key ${key}: insert answered ${seen[k]}, look-up ${lookup(key)}`);
    }
    start.wait();
    for (let k = 0; k < keys; k++) {
      const key = 1 + (r & 1) * keys + k;
      if (qht.remove(hashOf(key), seen[k])) wins += 1000000; // one remover each, too
    }
    start.wait();
    for (let k = 0; k < keys; k++) if (lookup(1 + (r & 1) * keys + k) !== 0) fail(`key ${1 + (r & 1) * keys + k} survived its removal`);
    start.wait();
  }
  return wins;
}

/**
 * All keys in one bucket. Two threads remove and insert, so that slots go from key to key; two look up, trusting the
 * hash alone: an entry of another key means that hash and pointer were read from different moments.
 * `words[50]`: writers still at work.
 */
function torn(): number {
  const bucketOf = (k: number) => (k << 12) | 5;
  const stable = 6, churn = 4, firstOf = (w: number) => stable + w * churn;
  const of = (k: number) => { const tb = entry(k); i32[tb >>> 2] = k; return tb; };
  if (me === 0) {
    for (let k = 0; k < stable; k++) qht.insert(bucketOf(k), of(k), () => false);
    Atomics.store(words, 50, 2);
  }
  start.wait();
  if (me < 2) {
    const rnd = random(me + 7);
    for (const end = performance.now() + params.ms; performance.now() < end;) {
      const k = firstOf(me) + rnd() % churn, tb = of(k);
      qht.insert(bucketOf(k), tb, () => false);
      qht.remove(bucketOf(k), tb);
    }
    Atomics.sub(words, 50, 1);
    return 0;
  }
  let looked = 0;
  while (Atomics.load(words, 50) > 0) {
    for (let k = 0; k < firstOf(2); k++, looked++) {
      const tb = qht.lookup(bucketOf(k), () => true);
      if (tb !== 0 && keyOf(tb) !== k) fail(`looked for key ${k}, was given ${keyOf(tb)}`);
      if (tb === 0 && k < stable) fail(`key ${k}, always there, was not found`);
    }
  }
  return looked;
}

/** Fills the table through all its resizes; every thread finds its own keys at once and keys of the others that are known to be in. */
function grow(): number {
  const { keys } = params, rnd = random(me + 3), progress = 60; // words[60 + thread]: keys in so far
  start.wait();
  for (let n = 0; n < keys; n++) {
    const key = 1 + n * threads + me, tb = entry(key);
    i32[tb >>> 2] = key;
    if (qht.insert(hashOf(key), tb, (o) => keyOf(o) === key) !== 0) fail(`key ${key} was there before`);
    Atomics.store(words, progress + me, n + 1);
    const other = rnd() % threads, in_ = Atomics.load(words, progress + other);
    if (in_ > 0) {
      const k = 1 + (rnd() % in_) * threads + other;
      if (lookup(k) !== entry(k)) fail(`key ${k} of thread ${other} was lost while the table grew`);
    }
  }
  start.wait();
  for (let n = 0; n < keys; n++) if (lookup(1 + n * threads + me) === 0) fail(`key ${1 + n * threads + me} is lost`);
  return keys;
}

/** Look-ups of the keys grow() left; returns look-ups a second. */
function figures(): number {
  const { keys, lookups } = params, rnd = random(me + 11);
  const run = (n: number) => { let hits = 0; for (let i = 0; i < n; i++) if (lookup(1 + rnd() % keys) !== 0) hits++; return hits; };
  run(100000);
  start.wait();
  const t0 = performance.now();
  const hits = run(lookups);
  if (hits !== lookups) fail(`${lookups - hits} look-ups missed`);
  return lookups / ((performance.now() - t0) / 1000);
}

const scenarios: Record<string, () => number> = { ownKeys, contended, torn, grow, figures };
parentPort!.postMessage(scenarios[scenario]());
