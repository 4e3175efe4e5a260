// Helpers that every translator file may call; registered by src/target/arm/helpers/*.ts.
import type { HelperRef } from '../../../tcg/context.ts';

export interface CoreHelpers {
  /** (excp, syndrome, targetEl): raises a synchronous exception. */
  readonly exception_with_syndrome: HelperRef;
  /** wasm (cc_op, cc_a, cc_b) → packed NZCV. */
  readonly pack_nzcv: HelperRef;
  /** Any further helper, by name. */
  readonly [name: string]: HelperRef;
}
