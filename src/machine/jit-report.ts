// What monitors and the end of a run say of the JIT.
import type { JitStats } from '../accel/tb-store.ts';

const ms = (total: number, n: number) => `${total.toFixed(1)} ms${n === 0 ? '' : ` (${(total / n).toFixed(3)} ms each)`}`;
const share = (a: number, b: number) => (a + b === 0 ? '-' : `${(100 * a / (a + b)).toFixed(1)} %`);

/** `info jit`: what the code buffer and the TB store hold. */
export function jitLines(s: JitStats, tbSize: number): string[] {
  return [
    'Translation buffer state:',
    `gen code size       ${s.codeBytes}/${tbSize}`,
    `TB count            ${s.tbs}`,
    `TB avg host size    ${s.tbs === 0 ? 0 : Math.round(s.codeBytes / s.tbs)} bytes`,
    `region count        ${s.regions}`,
    `instance count      ${s.instances}`,
    '',
    'Statistics:',
    `TB flush count      ${s.flushes}`,
    `TBs translated      ${s.translatedTbs}, ${ms(s.translateMs, s.translatedTbs + s.archivedTbs)}`,
    `TBs from archive    ${s.archivedTbs}`,
    `regions compiled    ${s.compiledRegions} (one a module) of ${s.compiledTbs} TBs, ${s.regionBytes} bytes of wasm, ${ms(s.compileMs, s.compiledRegions + s.archivedRegions + s.droppedRegions)}`,
    `regions from archive ${s.archivedRegions}`,
    `regions dropped     ${s.droppedRegions}`,
    `instances created   ${s.instancesMade}, ${ms(s.instantiateMs, s.instancesMade)}`,
    `hot time share      ${share(s.hotSamples, s.coldSamples)} of ${s.hotSamples + s.coldSamples} samples`,
    `cold instructions   ${s.coldInsns}`,
    ...(s.hotInsns === 0 ? [] : [`hot instructions    ${s.hotInsns}`, `hot share           ${share(s.hotInsns, s.coldInsns)} of the instructions`]),
    ...(s.checks + s.checkSkipped === 0 ? [] : [`checks              ${s.checks} the same, ${s.checkReruns} of them run again through the fast paths, ${s.checkSkipped} not compared`]),
  ];
}
