// The server as it ships and the fleet, each in processes of its own, on one campaign clock.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeImage } from '@drover/simulator';
import { drover, startProcess, startServer } from '../bench/server.mjs';
import { CAMPAIGNS, MIX, originOf, switchOnS, WAKE_HOURS } from './scene.mjs';

export async function startAll(folder, setting) {
  const clock = { campaignOrigin: originOf(setting), wallOrigin: Date.now(), scale: setting.scale };
  const origin = new Date(clock.campaignOrigin).toISOString();
  const server = await startServer(folder, ['--time-scale', String(clock.scale), '--time-origin', origin, '--wall-origin', String(clock.wallOrigin)]);
  const digests = await release(folder, { size: setting.image, created: origin });
  return { server, clock, digests };
}

/** Answers when each device has registered. */
export function startFleet({ server, clock, limits, setting }) {
  const { devices, cells, seed, processes } = setting;
  const told = { server: server.coap, devices, cells, seed, processes, mix: JSON.stringify(MIX), clock: JSON.stringify(clock), limits: JSON.stringify(limits), 'wake-hours': WAKE_HOURS, 'switch-on-s': switchOnS(devices) };
  return startProcess('apps/simulator/dist/main.js', Object.entries(told).flatMap(([name, value]) => [`--${name}`, String(value)]));
}

/** An image for each campaign, signed and in the store; answers their digests. */
async function release(folder, { size, created }) {
  const work = (name) => join(folder, name);
  await drover('firmware', 'keygen', work('publisher'));
  await drover('firmware', 'policy', 'system', '--role', `publisher=${work('publisher.pub')}`, '--out', work('policy.yaml'));
  await drover('apply', '-f', work('policy.yaml'));
  const digests = [];
  for (const { version, sequence } of CAMPAIGNS.toReversed()) {
    const image = work(`wm-modem-${version}.bin`);
    const bytes = makeImage({ version, size, seed: sequence });
    writeFileSync(image, bytes);
    const about = ['--name', 'wm-modem', '--version', version, '--sequence', String(sequence), '--models', 'WM-300', '--created', created, '--expires', '90d'];
    await drover('firmware', 'sign', image, '--key', work('publisher'), ...about);
    await drover('firmware', 'push', image);
    digests.push(digestOf(bytes));
  }
  return digests;
}

function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** What a running fleet has seen (`sighting`), or has become too (`report`). */
export function ask(fleet, type) {
  return new Promise((resolve) => {
    const listen = (message) => {
      if (message?.type !== type) return;
      fleet.off('message', listen);
      resolve(message[type]);
    };
    fleet.on('message', listen);
    fleet.send({ type });
  });
}

/** The most that it has ever had, MB. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}
