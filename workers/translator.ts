// Task of a translator thread of the pool: compiles regions of hot code until the machine shuts down.
import { workerData } from 'node:worker_threads';
import { runTranslator, type VcpuThreadData } from '../src/machine/vcpu-thread.ts';

export default (): void => runTranslator(workerData as VcpuThreadData);
