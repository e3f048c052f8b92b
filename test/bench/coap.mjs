// Registrations, pushed blocks and pulled blocks per second, each beside a raw echo of datagrams of the same sizes and other peers.
import { setTimeout as sleep } from 'node:timers/promises';
import { CODE } from '@drover/coap';
import { BLOCK_ANSWER_BYTES, DEVICES, pullPlan, PUSHED_BYTES, REGISTER_ANSWER_BYTES, registerPlan, rootPlan } from './coap/datagrams.mjs';
import { lossLines } from './coap/loss.mjs';
import { startLeshan, startLibcoap } from './coap/other-servers.mjs';
import { pinned, Side } from './coap/sides.mjs';
import { goal, result, takeTurns } from './rounds.mjs';

export const about = 'CoAP over real UDP: registrations through the gateway, Block1 push, Block2 pull, loss';

const ROUNDS = 3;
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

const served = (subject, plan, more = {}) =>
  withSides(async (devices, server) => {
    const { port } = await server.ask({ type: 'start', subject, ...more });
    await devices.ask({ type: 'drive', port, count: DEVICES, plan });
    const sample = await measured(devices, server, !subject.startsWith('npm'));
    await server.ask({ type: 'stop' });
    return sample;
  });

const pushed = (subject, more = {}) =>
  withSides(async (devices, server) => {
    const { ports } = await devices.ask({ type: 'answer', count: DEVICES });
    await server.ask({ type: 'start', subject, ports, ...more });
    return measured(devices, server);
  });

/** Somebody else's server under a load of ours; a rate that is no number where it cannot be had. */
async function foreign(startServer, port, plan) {
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

const lines = (what, unit, { ours, raw }, ratioGoal) => [
  goal(result(what, unit, ours.perSecond, raw.perSecond), ratioGoal),
  result(`${what}, CPU of the server side each`, 'µs', ours.cpuUs, raw.cpuUs),
];

export async function run(progress) {
  const turns = (title, subjects) => takeTurns(subjects, { rounds: ROUNDS, progress, title });
  const registered = await turns('registrations', {
    raw: () => served('echo', registerPlan(), { size: REGISTER_ANSWER_BYTES }),
    ours: () => served('gateway', registerPlan(CODE.CREATED)),
    libcoap: () => foreign(startLibcoap, 15_683, rootPlan()),
    leshan: () => foreign(startLeshan, 15_684, registerPlan(CODE.CREATED)),
  });
  const push = await turns('pushed blocks', {
    raw: () => pushed('rawPush', { size: PUSHED_BYTES }),
    ours: () => pushed('push'),
    npm: () => pushed('npmPush'),
  });
  const pull = await turns('pulled blocks', {
    raw: () => served('echo', pullPlan(), { size: BLOCK_ANSWER_BYTES }),
    ours: () => served('pull', pullPlan(CODE.CONTENT)),
    npm: () => served('npmPull', pullPlan(CODE.CONTENT)),
  });
  return [
    ...lines('registrations through the gateway, to the raw echo', '1/s', registered, 0.6),
    goal(result("registrations, to libcoap's server answering a GET", '1/s', registered.ours.perSecond, registered.libcoap.perSecond), 1),
    goal(result("registrations, to Leshan's server", '1/s', registered.ours.perSecond, registered.leshan.perSecond), 1),
    ...lines('Block1 push, to the raw echo', 'blocks/s', push, 0.5),
    goal(result('Block1 push, to npm coap', 'blocks/s', push.ours.perSecond, push.npm.perSecond), 4),
    ...lines('Block2 pull, to the raw echo', 'blocks/s', pull, 0.5),
    goal(result('Block2 pull, to npm coap', 'blocks/s', pull.ours.perSecond, pull.npm.perSecond), 4),
    ...(await lossLines(progress)),
  ];
}

export const notes = [
  `${DEVICES} sockets with one datagram in flight each; ${pinned}; medians of ${ROUNDS} rounds that take turns`,
  'registrations run through the gateway thread of the server as it ships, and each is told to the engine across the link',
  'raw echo: a bare dgram socket, datagrams of the same sizes, nothing parsed; goals are ratios to it and to npm coap',
];
