// Where the tests put things in their shared words (element indexes), and how long they wait for a hang.

export const LOCK = 0; // the primitive under test
export const LOCK2 = 16;
export const LOCK3 = 32;
export const FLAG = 64; // seqcst, tells a worker to go on
export const READY = 65; // seqcst, a worker says it got there
export const DONE = 66;
export const INSIDE = 67; // seqcst, threads inside a critical section
export const MET = 68; // seqcst, a reader had to retry
export const COUNTER = 128; // plain, protected by the primitive under test
export const TWIN = 192; // plain, always equal to COUNTER outside critical sections
export const DATA = 256; // per-scenario arrays from here on

/** After this long a scenario is taken to hang. */
export const NEVER_ENDS_MS = 20_000;
