// --chaos: perturbs a machine from outside, by a plan that a seed repeats.
import type { TortureMachine } from './machine.ts';

/** One step of the plan, about 1 ms after the one before. */
export type Perturbation =
  /** The vCPU leaves guest code at the end of its block. */
  | { readonly kind: 'kick'; readonly vcpu: number }
  /** It is held outside guest code for so many steps; what is sent to it arrives late. */
  | { readonly kind: 'hold'; readonly vcpu: number; readonly steps: number }
  /** Its exclusive monitor opens: a STXR under way fails. */
  | { readonly kind: 'clear-monitor'; readonly vcpu: number };

/** Most vCPUs held at a time, as a share of all. */
const MAX_HELD = 0.5;

/** The plan of a seed: an endless sequence of steps, each with some perturbations (xorshift64). */
export function* chaosPlan(seed: bigint, vcpus: number): Generator<readonly Perturbation[], never> {
  let x = BigInt.asUintN(64, seed) || 1n;
  const random = (n: number): number => {
    x ^= BigInt.asUintN(64, x << 13n);
    x ^= x >> 7n;
    x ^= BigInt.asUintN(64, x << 17n);
    return Number((x >> 20n) % BigInt(n));
  };
  const heldUntil = new Array<number>(vcpus).fill(0);
  for (let now = 0; ; now++) {
    yield Array.from({ length: random(4) }, (): Perturbation => {
      const vcpu = random(vcpus), kind = random(8);
      const held = heldUntil.filter((until) => until > now).length;
      if (kind === 0 && heldUntil[vcpu] <= now && held + 1 <= vcpus * MAX_HELD) {
        const steps = 1 + random(8);
        heldUntil[vcpu] = now + steps;
        return { kind: 'hold', vcpu, steps };
      }
      return { kind: kind < 5 ? 'clear-monitor' : 'kick', vcpu };
    });
  }
}

/** Perturbs the machine until the returned function is called, which leaves no vCPU held; it returns how many perturbations there were. */
export function startChaos(machine: TortureMachine, seed: bigint, vcpus: number): () => number {
  const plan = chaosPlan(seed, vcpus), release = new Array<number>(vcpus).fill(-1);
  let step = 0, done = 0;
  const timer = setInterval(() => {
    release.forEach((at, vcpu) => {
      if (at !== step) return;
      machine.hold(vcpu, false);
      release[vcpu] = -1;
    });
    for (const p of plan.next().value) {
      done++;
      if (p.kind === 'kick') machine.kick(p.vcpu);
      else if (p.kind === 'clear-monitor') machine.clearMonitor(p.vcpu);
      else {
        machine.hold(p.vcpu, true);
        release[p.vcpu] = step + p.steps;
      }
    }
    step++;
  }, 1);
  return () => {
    clearInterval(timer);
    release.forEach((at, vcpu) => { if (at >= 0) machine.hold(vcpu, false); });
    return done;
  };
}
