// Entry of a translator thread: compiles regions of hot code.
import { workerData } from 'node:worker_threads';
import { runTranslator, type VcpuThreadData } from '../src/machine/vcpu-thread.ts';

runTranslator(workerData as VcpuThreadData);
