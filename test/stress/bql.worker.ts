// Scenarios of bql.test.ts: threads that change plain words under the BQL, and that race with PSCI CPU_ON.
import { parentPort, workerData } from 'node:worker_threads';
import { Barrier } from '#atomics-sync';
import { SyncSite } from '../../src/memory/layout/profile.ts';
import { Machine } from '../../src/accel/machine-view.ts';
import { envOff } from '../../src/target/arm/env.ts';
import type { ArmPorts } from '../../src/target/arm/ports.ts';
import { PSCI_OFF, PSCI_ON_PENDING, psciCall } from '../../src/target/arm/psci.ts';
import { vcpus } from '../support/bare-machine.ts';
import type { CrewData } from './crew.ts';

const { scenario, spec, me, threads, words, params } = workerData as CrewData;
const machine = new Machine(spec), { bql } = machine, cpus = vcpus(machine), barrier = new Barrier(words, 0);
const fail = (what: string): never => { throw new Error(`thread ${me}: ${what}`); };

/** Plain words: the BQL orders the accesses to them. */
const TOTAL = 32, OWNER = 33, READY = 34;

const ports = { cpuCount: cpus.length, affinity: (n: number) => n, vcpu: (n: number) => cpus[n] } as unknown as ArmPorts;

const scenarios: Record<string, () => number> = {
  /** Adds to a plain counter in steps that another thread would tear apart. */
  count() {
    Atomics.add(words, READY, 1);
    for (let n = 0; n < params.rounds; n++) {
      bql.run(n % 2 ? SyncSite.BQL_PARKED : SyncSite.BQL_PSCI_CPU_OFF, () => {
        if (words[OWNER] !== 0) fail(`thread ${words[OWNER] - 1} holds it, too`);
        words[OWNER] = me + 1;
        const seen = words[TOTAL];
        for (let k = 0; k < 5; k++) Atomics.pause();
        words[TOTAL] = seen + 1;
        if (words[OWNER] !== me + 1) fail('not alone');
        words[OWNER] = 0;
      });
    }
    return params.rounds;
  },

  /** All threads switch the same vCPU on at once, round after round; how often this one was told SUCCESS. */
  cpuOn() {
    const target = cpus[threads], caller = cpus[me];
    let won = 0;
    for (let round = 1; round <= params.rounds; round++) {
      if (me === 0) { target.store(envOff.power_state, PSCI_OFF); words[TOTAL] = 0; }
      const entry = BigInt(4 * (round * threads + me));
      [0xc4000003n, BigInt(threads), entry, entry + 1n].forEach((v, n) => caller.st64(envOff.x + 8 * n, v));
      barrier.wait();
      // Those that have a core start within some nanoseconds of each other; one without is not waited for.
      Atomics.add(words, READY, 1);
      for (let k = 0; k < 500 && Atomics.load(words, READY) < round * threads - threads + 2; k++) Atomics.pause();
      psciCall(caller, ports);
      const ret = BigInt.asIntN(64, caller.ld64(envOff.x));
      if (ret === 0n) {
        won++;
        if (Atomics.add(words, TOTAL, 1) !== 0) fail('CPU_ON said SUCCESS twice');
        if (target.ld64(envOff.on_entry) !== entry || target.ld64(envOff.on_context) !== entry + 1n) fail('entry point of another caller');
      } else if (ret !== -4n) fail(`CPU_ON said ${ret}`);
      barrier.wait();
      if (words[TOTAL] !== 1 || target.load(envOff.power_state) !== PSCI_ON_PENDING) fail('nobody switched it on');
      // Nobody starts the next round before all have looked.
      barrier.wait();
    }
    return won;
  },
};
parentPort!.postMessage(scenarios[scenario]());
