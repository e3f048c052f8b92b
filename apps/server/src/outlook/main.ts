import { constants, platform, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '@drover/kernel';
import { outlookOf } from '@drover/schedule';
import type { FromOutlook, OutlookStart } from './outlook-thread.ts';

/** The thread of one forecast: computes, tells each run, and ends. */
const { snapshot, options } = workerData as OutlookStart;
const port = must(parentPort, 'a forecast runs in a thread of its own');
const tell = (message: FromOutlook): void => port.postMessage(message);

// Linux alone gives each thread a priority of its own; elsewhere this would slow down the engine and the gateway with it.
if (platform() === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

const computing = outlookOf(snapshot, options);
let next = computing.next();
for (; !next.done; next = computing.next()) tell({ type: 'progress', progress: next.value });
tell({ type: 'done', outlook: next.value });
