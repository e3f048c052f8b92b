// Registrations, pushed blocks and pulled blocks per second, each beside a raw echo of datagrams of the same sizes and other peers.
import { CODE } from '@drover/coap';
import { BLOCK_ANSWER_BYTES, DEVICES, pullPlan, PUSHED_BYTES, REGISTER_ANSWER_BYTES, registerPlan, rootPlan } from './coap/datagrams.mjs';
import { lossLines } from './coap/loss.mjs';
import { startLeshan, startLibcoap } from './coap/other-servers.mjs';
import { foreign, pushed, served } from './coap/rates.mjs';
import { pinned } from './coap/sides.mjs';
import { goal, result, takeTurns } from './rounds.mjs';

export const about = 'CoAP over real UDP: registrations through the gateway, Block1 push, Block2 pull, loss';

const ROUNDS = 3;

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
