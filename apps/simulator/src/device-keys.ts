import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { DroverError } from '@drover/kernel';
import type { DevicePlan } from './device-plan.ts';
import type { DeviceSecret } from './wire/coap-port.ts';
import { DeviceContext } from './wire/oscore-link.ts';

/** What LwM2M asks for; the smallest that Drover takes. */
const KEY_BYTES = 16;
const HEADER = 'endpoint,identity,key';
const OSCORE_HEADER = 'endpoint,kind,key,senderId,recipientId';
const SENDER_BYTES = 3;
const RECIPIENT = '5e';

/** What the keys are for. */
export type DeviceSecurity = 'dtls' | 'oscore';

export type DeviceKeys = ReadonlyMap<string, DeviceSecret>;

/** A key by chance for each device, in a new file for its owner alone, as `drover credentials import` reads it. */
export function writeDeviceKeys(file: string, plans: readonly Pick<DevicePlan, 'endpoint'>[], security: DeviceSecurity = 'dtls'): void {
  const rows = plans.map(({ endpoint }, index) => {
    const key = randomBytes(KEY_BYTES).toString('hex');
    return security === 'dtls' ? `${endpoint},${endpoint},${key}` : `${endpoint},oscore,${key},${senderOf(index)},${RECIPIENT}`;
  });
  const header = security === 'dtls' ? HEADER : OSCORE_HEADER;
  writeFileSync(file, `${[header, ...rows].join('\r\n')}\r\n`, { mode: 0o600, flag: 'wx' });
}

const senderOf = (index: number): string => index.toString(16).padStart(2 * SENDER_BYTES, '0');

/** What `writeDeviceKeys` wrote. Faults name the line, and never what stands there. */
export function readDeviceKeys(file: string): DeviceKeys {
  const [header, ...rows] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  if (header !== HEADER && header !== OSCORE_HEADER)
    throw new DroverError('KEYS_INVALID', 'input', `${file}:1: expected the header ${HEADER}, or ${OSCORE_HEADER}`);
  const [read, what] =
    header === HEADER
      ? ([keyIn, 'endpoint, identity and 16 to 64 bytes in hex'] as const)
      : ([contextIn, 'endpoint, oscore, 16 to 64 bytes and two IDs in hex'] as const);
  return new Map(
    rows.map((row, index): [string, DeviceSecret] => {
      const [endpoint = '', ...cells] = row.split(',');
      const secret = endpoint === '' ? undefined : read(cells);
      if (secret === undefined) throw new DroverError('KEYS_INVALID', 'input', `${file}:${index + 2}: expected ${what}`);
      return [endpoint, secret];
    }),
  );
}

const isKey = (text: string): boolean => /^([0-9a-f]{2}){16,64}$/i.test(text);
const isId = (text: string): boolean => /^([0-9a-f]{2}){0,7}$/i.test(text);

function keyIn([identity = '', key = '', ...more]: readonly string[]): DeviceSecret | undefined {
  return identity === '' || more.length > 0 || !isKey(key) ? undefined : { identity, key: Buffer.from(key, 'hex') };
}

function contextIn([kind, key = '', sender = '', recipient = '', ...more]: readonly string[]): DeviceSecret | undefined {
  if (kind !== 'oscore' || more.length > 0 || !isKey(key) || !isId(sender) || !isId(recipient) || sender === recipient) return undefined;
  const [masterSecret, senderId, recipientId] = [key, sender, recipient].map((text) => Buffer.from(text, 'hex')) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  return new DeviceContext({ masterSecret, senderId, recipientId });
}
