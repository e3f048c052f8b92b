// How long a forecast takes, and what the engine's thread notices of it: the study's fleet, from the snapshot to the answer.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { FAST, outlookColumns, putRow } from '@drover/schedule';
import { OutlookThread } from '../../apps/server/dist/outlook/outlook-thread.js';
import { generateFleet } from '../sim/fleet.ts';
import { result } from './rounds.mjs';

export const about = 'A forecast of 20 runs: the fleet of the scheduling study, three stages, a deadline after seven days';

const HOUR = 3_600_000;
const SIZES = [
  { devices: 10_000, cells: 200 },
  { devices: 100_000, cells: 2000 },
];

const stage = (name, state) => ({ name, state, openedMs: 0, soakedMs: undefined, soakMs: 6 * HOUR, min: 0.95, minSample: 20, succeeded: 0, failed: 0 });

function snapshotOf({ devices, cells }) {
  const fleet = generateFleet({ seed: 42, devices, cells });
  const columns = outlookColumns(devices);
  for (let device = 0; device < devices; device++)
    putRow(columns, device, {
      carrier: fleet.carrier[device],
      bearer: fleet.bearer[device],
      lossDb: fleet.meanLossDb[device],
      lossVarianceDb: 16,
      periodMs: fleet.periodMs[device],
      phaseMs: fleet.phaseMs[device],
      bytes: fleet.bytes[device],
      blockSize: 512,
      canResume: fleet.canResume[device],
      canAppoint: 0,
      onBattery: Number(fleet.periodMs[device] > 0),
      download: fleet.window[device],
      install: 0,
      stage: device < devices / 100 ? 0 : device < devices / 10 ? 1 : 2,
      progress: 0,
      hasBegun: 0,
      barrier: fleet.battery[device] < 20 ? 1 : 0,
      givenUpMs: Infinity,
    });
  return {
    at: 0,
    campaign: {
      name: 'c',
      imageBytes: 262_144,
      stages: [stage('canary', 'open'), stage('early', 'closed'), stage('fleet', 'closed')],
      pace: FAST,
      maxInFlight: 4000,
      bytesPerSecond: undefined,
      startsMs: 0,
      deadlineMs: 7 * 24 * HOUR,
      afterDeadline: 'begun',
    },
    size: devices,
    carriers: Array.from({ length: fleet.carriers }, (_, carrier) => `carrier ${carrier}`),
    budget: Float32Array.from(fleet.budget),
    windows: fleet.windows.map((open) => Uint8Array.from({ length: 168 }, (_, hour) => Number(open[hour % 24]))),
    ...columns,
  };
}

const IDLE_MS = 3000;

/** How late this thread gets its turn while something else happens: 99 of 100 times no later than this, ms. */
async function waitDuring(something) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const value = await something();
  delay.disable();
  return { value, waitMs: delay.percentile(99) / 1e6 };
}

/** Wall seconds until the answer. */
async function forecast(snapshot) {
  const started = performance.now();
  const outlook = await new OutlookThread().run({ snapshot, options: { runs: 20, seed: 1, deltaBytes: 49_152 } }, () => undefined).result;
  return { seconds: (performance.now() - started) / 1000, outlook };
}

export async function run(progress) {
  const results = [];
  for (const size of SIZES) {
    progress(`${size.devices} devices`);
    const snapshot = snapshotOf(size);
    const idle = await waitDuring(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
    const { waitMs, value } = await waitDuring(() => forecast(snapshot));
    const { seconds, outlook } = value;
    const named = `${size.devices.toLocaleString('en')} devices`;
    results.push({ metric: `${named}, until the answer`, value: seconds, unit: 's' });
    results.push({ metric: `${named}, simulated`, value: outlook.sample.devices, unit: 'devices' });
    results.push({ ...result(`${named}, wait of the thread that asks (p99), to an idle one`, 'ms', waitMs, idle.waitMs), goal: 'under 20 ms', met: waitMs < 20 });
  }
  return results;
}
