// Entry of a vCPU worker thread: builds its engine from the machine's specification and runs its vCPUs.
import { parentPort, workerData } from 'node:worker_threads';
import { vcpuThread } from '../src/accel/cpu-exec.ts';
import { createEngine, type VcpuThreadData } from '../src/machine/vcpu-thread.ts';

const data = workerData as VcpuThreadData;
const engine = createEngine(data);
parentPort!.postMessage('ready');
vcpuThread(engine);
if (engine.sampler) parentPort!.postMessage({ samples: engine.sampler.result() });
