// The op table: every TCG op, numbered. Adding a row here makes it exist in every engine.
import { intOps } from './int.ts';
import { memOps } from './mem.ts';
import { controlOps } from './control.ts';
import { vecOps } from './vec.ts';
import { fpOps } from './fp.ts';
import { spinOps } from './spin.ts';
import type { OpDef } from './def.ts';

export const OPS: readonly OpDef[] = [...intOps, ...memOps, ...controlOps, ...vecOps, ...fpOps, ...spinOps];
const byName = new Map(OPS.map((d) => [d.name, d]));

/** The op of that name; throws on a name the table does not have. */
export function opDef(name: string): OpDef {
  const d = byName.get(name);
  if (!d) throw new Error(`no TCG op '${name}'`);
  return d;
}
