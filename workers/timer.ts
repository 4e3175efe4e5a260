// Entry of the timer thread.
import { workerData } from 'node:worker_threads';
import { runTimerThread } from '../src/machine/timer-thread.ts';
import type { VcpuThreadData } from '../src/machine/vcpu-thread.ts';

runTimerThread(workerData as VcpuThreadData);
