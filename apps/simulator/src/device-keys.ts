import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { DroverError } from '@drover/kernel';
import type { DevicePlan } from './device-plan.ts';
import type { DeviceKey } from './wire/secured-link.ts';

/** What LwM2M asks for; the smallest that Drover takes. */
const KEY_BYTES = 16;
const HEADER = 'endpoint,identity,key';

export type DeviceKeys = ReadonlyMap<string, DeviceKey>;

/** A key by chance for each device, in a new file for its owner alone, as `drover credentials import` reads it. */
export function writeDeviceKeys(file: string, plans: readonly Pick<DevicePlan, 'endpoint'>[]): void {
  const rows = plans.map(({ endpoint }) => `${endpoint},${endpoint},${randomBytes(KEY_BYTES).toString('hex')}`);
  writeFileSync(file, `${[HEADER, ...rows].join('\r\n')}\r\n`, { mode: 0o600, flag: 'wx' });
}

/** What `writeDeviceKeys` wrote. Faults name the line, and never what stands there. */
export function readDeviceKeys(file: string): DeviceKeys {
  const [header, ...rows] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  if (header !== HEADER) throw new DroverError('KEYS_INVALID', 'input', `${file}:1: expected the header ${HEADER}`);
  return new Map(
    rows.map((row, index): [string, DeviceKey] => {
      const [endpoint = '', identity = '', key = '', ...more] = row.split(',');
      if (endpoint === '' || identity === '' || more.length > 0 || !/^([0-9a-f]{2}){16,64}$/i.test(key))
        throw new DroverError('KEYS_INVALID', 'input', `${file}:${index + 2}: expected endpoint, identity and 16 to 64 bytes in hex`);
      return [endpoint, { identity, key: Buffer.from(key, 'hex') }];
    }),
  );
}
