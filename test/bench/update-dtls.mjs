// The same fleet updated over DTLS and without it, by the server as it ships: what security costs where everything else counts too.
import { randomBytes } from 'node:crypto';
import { goal, result, takeTurns } from './rounds.mjs';
import { updateAll } from './update.mjs';

export const about = '1,000 devices updated over DTLS with Connection ID, to the same without';

const DEVICES = Number(process.env.DROVER_BENCH_DEVICES ?? 1000);
const ROUNDS = 3;
const HOWS = ['push', 'pull'];

async function measured(method, progress, isSecured) {
  const { perSecond } = await updateAll(method, progress, { devices: DEVICES, seed: isSecured ? randomBytes(32).toString('hex') : undefined });
  return { perSecond };
}

export async function run(progress) {
  const subjects = HOWS.flatMap((how) => [
    [`${how} over DTLS`, () => measured(how, progress, true)],
    [`${how} without`, () => measured(how, progress, false)],
  ]);
  const seen = await takeTurns(Object.fromEntries(subjects), { rounds: ROUNDS, progress, title: 'updates' });
  return HOWS.map((how) => goal(result(`devices updated by ${how} over DTLS, to the same without`, '1/s', seen[`${how} over DTLS`].perSecond, seen[`${how} without`].perSecond), 0.5));
}

export const notes = [
  `${DEVICES} devices, each on a socket of its own and with a key of its own, TLS_PSK_WITH_AES_128_CCM_8; their side of DTLS runs on the cores that the server uses too`,
  'devices per second: as `npm run bench -- update` counts them, without the first handshake of each, which is before the campaign; registrations after the installation go on in the same session',
];
