// The gateway with a full house: what a registered device costs, how long a restart takes, how soon a waking device is asked.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { contactTimes } from './gateway/contact.mjs';
import { restoreAll } from './gateway/restore.mjs';

export const about = 'A million registrations, a restart with them, and contacts while a thousand transfers run';

const DEVICES = 1_000_000;
const MIN_TRANSFERS = 900;

/** Registered, read, and silent since: in a process of its own, because its memory is the figure. */
function idleDevices(progress) {
  const execArgv = ['--expose-gc', '--max-old-space-size=4096'];
  const child = fork(join(import.meta.dirname, 'gateway', 'idle-devices.mjs'), [String(DEVICES)], { execArgv });
  return new Promise((resolve, reject) => {
    let last;
    child.on('message', (message) => {
      if (message.progress === undefined) last = message;
      else progress(`${message.progress} of ${DEVICES} devices have registered and were read`);
    });
    child.once('exit', (code) => (last === undefined ? reject(new Error(`it ended with ${code}`)) : resolve(last)));
  });
}

const line = (metric, value, unit, goal, met) => ({ metric, value: Math.round(value * 10) / 10, unit, goal, met });

export async function run(progress) {
  const idle = await idleDevices(progress);
  const restored = await restoreAll(DEVICES, progress);
  const { times, transfers } = await contactTimes(progress);
  if (transfers < MIN_TRANSFERS) throw new Error(`only ${transfers} transfers ran while devices made contact`);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return [
    line(`memory of a registered idle device, ${DEVICES} of them`, idle.bytesEach, 'bytes', '<= 1024', idle.bytesEach <= 1024),
    line('registrations told to the engine', idle.contacts, 'contacts', String(DEVICES), idle.contacts === DEVICES),
    line('start of a server with them, until all are known', restored.seconds, 's', '<= 30', restored.seconds <= 30),
    line('sampled locations that an Update finds', restored.answered, 'locations', String(restored.samples), restored.answered === restored.samples),
    line(`contact to first request while ${transfers} transfers run, p50`, at(0.5), 'ms'),
    line(`contact to first request while ${transfers} transfers run, p99`, at(0.99), 'ms', '<= 150', at(0.99) <= 150),
  ];
}

export const notes = [
  'an idle device has registered from an address of its own, was read three objects, and what was measured and proven of it is kept',
  'the restart is that of the whole server: database, engine and gateway; the gateway is deaf until everything is restored',
  'a contact is an Update of a sleeper for whom a campaign waits; the request comes after the engine has admitted and committed it',
];
