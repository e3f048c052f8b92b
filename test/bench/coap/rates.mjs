// How many a second: a subject on one core, the devices on the other, measured once both are warm.
import { setTimeout as sleep } from 'node:timers/promises';
import { DEVICES } from './datagrams.mjs';
import { Side } from './sides.mjs';

/** The compiler needs a while to know what is hot, in every process anew. */
const WARM_MS = 3000;
const MEASURED_MS = 2000;

/** Counts on the device side, and CPU time of the server side, over one measured stretch. */
async function measured(devices, server, isStrict = true) {
  await sleep(WARM_MS);
  const before = await server?.ask({ type: 'look' });
  await devices.ask({ type: 'count' });
  const started = performance.now();
  await sleep(MEASURED_MS);
  const after = await server?.ask({ type: 'look' });
  const seconds = (performance.now() - started) / 1000;
  const { counted, wrong, lost } = await devices.ask({ type: 'stop' });
  if (wrong > 0) throw new Error(`${wrong} of ${counted} answers are not what was asked for`);
  // Somebody else's server may drop what it cannot take; what ours drops is not what is measured.
  if (isStrict && lost * 20 > counted) throw new Error(`${lost} of ${counted} datagrams were lost: that measures the loss, not the server`);
  const told = after?.told === undefined ? undefined : after.told - before.told;
  // Every registration reaches the engine's side, or what was measured is not the whole path.
  if (told !== undefined && told < counted * 0.9) throw new Error(`${counted} registrations, but the engine was told of ${told}`);
  return { perSecond: counted / seconds, cpuUs: after === undefined ? undefined : (after.cpuUs - before.cpuUs) / counted };
}

/** A subject in a process of its own, and the devices in another, for one measurement. */
async function withSides(use) {
  const [devices, server] = [new Side('load.mjs', 1), new Side('subject.mjs', 0)];
  try {
    return await use(devices, server);
  } finally {
    devices.end();
    server.end();
  }
}

/** Devices that ask a subject by a plan, one request in flight each. */
export const served = (subject, plan, more = {}) =>
  withSides(async (devices, server) => {
    const { port } = await server.ask({ type: 'start', subject, ...more });
    await devices.ask({ type: 'drive', port, count: DEVICES, plan });
    const sample = await measured(devices, server, !subject.startsWith('npm'));
    await server.ask({ type: 'stop' });
    return sample;
  });

/** A subject that pushes blocks to devices, one in flight to each. */
export const pushed = (subject, more = {}) =>
  withSides(async (devices, server) => {
    const { ports } = await devices.ask({ type: 'answer', count: DEVICES });
    await server.ask({ type: 'start', subject, ports, ...more });
    return measured(devices, server);
  });

/** Somebody else's server under a load of ours; a rate that is no number where it cannot be had. */
export async function foreign(startServer, port, plan) {
  const stop = await startServer(port);
  if (stop === undefined) return { perSecond: Number.NaN };
  const devices = new Side('load.mjs', 1);
  try {
    await devices.ask({ type: 'drive', port, count: DEVICES, plan });
    return await measured(devices, undefined, false);
  } finally {
    devices.end();
    stop();
  }
}
