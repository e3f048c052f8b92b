// The same fleet updated over DTLS and without it, by the server as it ships: what security costs where everything else counts too.
import { randomBytes } from 'node:crypto';
import { goal, result, takeTurns } from './rounds.mjs';
import { updateAll } from './update.mjs';

export const about = '1,000 devices updated over DTLS with Connection ID, to the same without';

const DEVICES = Number(process.env.DROVER_BENCH_DEVICES ?? 1000);
const ROUNDS = 3;
const HOWS = ['push', 'pull'];

async function measured(method, progress, isSecured) {
  const { perSecond, serverMs, fleetMs } = await updateAll(method, progress, { devices: DEVICES, seed: isSecured ? randomBytes(32).toString('hex') : undefined });
  return { perSecond, serverMs, fleetMs };
}

function linesOf(how, seen) {
  const [secured, plain] = [seen[`${how} over DTLS`], seen[`${how} without`]];
  const compared = (metric, unit, field) => result(metric, unit, secured[field], plain[field]);
  return [
    goal(compared(`devices updated by ${how} over DTLS, to the same without`, '1/s', 'perSecond'), 0.5),
    compared(`processor time of the server for each of them, ${how}`, 'ms', 'serverMs'),
    compared(`processor time of the devices' side, ${how}`, 'ms', 'fleetMs'),
  ];
}

export async function run(progress) {
  const subjects = HOWS.flatMap((how) => [
    [`${how} over DTLS`, () => measured(how, progress, true)],
    [`${how} without`, () => measured(how, progress, false)],
  ]);
  const seen = await takeTurns(Object.fromEntries(subjects), { rounds: ROUNDS, progress, title: 'updates' });
  return HOWS.flatMap((how) => linesOf(how, seen));
}

export const notes = [
  `${DEVICES} devices, each on a socket of its own and with a key of its own, TLS_PSK_WITH_AES_128_CCM_8; their side of DTLS runs on the cores that the server uses too`,
  'devices per second: as `npm run bench -- update` counts them, without the first handshake of each, which is before the campaign; registrations after the installation go on in the same session',
  'processor time: user and system, of all threads, over the same stretch; rates move with whatever else the machine does, processor time less',
];
