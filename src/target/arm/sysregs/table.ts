// The system registers and SYS instructions an EL1 and EL0 guest sees, as one table (Arm ARM D19).
import { controlRegs } from './control.ts';
import { debugRegs } from './debug.ts';
import { keyNumber, type SysregDef, type SysregModel } from './def.ts';
import { gicRegs } from './gic.ts';
import { idRegs, idSpace, implementationDefined } from './id.ts';
import { maintenance } from './maintenance.ts';
import { pmuRegs } from './pmu.ts';
import { pstateRegs } from './pstate.ts';
import { timerRegs } from './timers.ts';

/** The registers of a CPU model, by key number. Error: Error when two rows have one encoding. */
export function sysregTable(m: SysregModel, gicv3: boolean): Map<number, SysregDef> {
  const out = new Map<number, SysregDef>();
  for (const r of [
    ...idSpace(m), ...idRegs, ...implementationDefined, ...controlRegs, ...pstateRegs, ...timerRegs, ...pmuRegs, ...debugRegs,
    ...(gicv3 ? gicRegs : []), ...maintenance,
  ]) {
    if (r.feature && !m.feat[r.feature]) continue;
    if (r.present && !r.present(m)) continue;
    const k = keyNumber(r.key);
    if (out.has(k)) throw new Error(`system registers ${out.get(k)!.name} and ${r.name} have one encoding`);
    out.set(k, r.idreg === undefined ? r : { ...r, const: m.idregs[r.idreg] ?? 0n });
  }
  return out;
}
