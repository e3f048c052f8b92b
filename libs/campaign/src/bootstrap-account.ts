import { createPublicKey } from 'node:crypto';
import { durationOf } from '@drover/kernel';
import { durationWithin, flag, integer, oneOf } from './leaves.ts';
import { leaf, mapping, Misread, optional, required, withDefault, type Read, type Schema } from './schema.ts';

/** LwM2M Server URI (`/0/x/0`), bytes. */
const MOST_URI = 255;
const URI = /^coaps?(\+tcp)?:\/\/[^/?#\s]+(\/[^\s]*)?$/;

const serverUri: Schema<string> = leaf({ type: 'string', maxLength: MOST_URI, pattern: URI.source }, (value) => {
  if (typeof value !== 'string' || !URI.test(value) || Buffer.byteLength(value) > MOST_URI)
    throw new Misread('VALUE_INVALID', `expected coaps://host:port or the like, at most ${MOST_URI} bytes`);
  return value;
});

const binding: Schema<string> = leaf({ type: 'string', pattern: '^[UMHTSNQ]{1,6}$' }, (value) => {
  if (typeof value !== 'string' || !/^[UMHTSNQ]{1,6}$/.test(value) || new Set(value).size < value.length)
    throw new Misread('VALUE_INVALID', 'expected letters of a binding such as U, UQ or UT, each once');
  return value;
});

/** PEM of a public key on P-256: every client of LwM2M that has raw public keys has that curve. */
const publicKey: Schema<string> = leaf({ type: 'string', maxLength: 2000 }, (value) => {
  const isPublic = typeof value === 'string' && value.length <= 2000 && !value.includes('PRIVATE KEY');
  if (!isPublic || curveOf(value) !== 'prime256v1')
    throw new Misread('VALUE_INVALID', 'expected a public key on P-256 as PEM (-----BEGIN PUBLIC KEY-----)');
  return value;
});

function curveOf(pem: string): string | undefined {
  try {
    return createPublicKey(pem).asymmetricKeyDetails?.namedCurve;
  } catch {
    return undefined;
  }
}

/**
 * Where the key of the device comes from: one that is drawn for it alone, or the one that the store of credentials has for it. X509
 * is a key pair of ours with its certificate; with EST the device makes its own pair, and has it certified by this server.
 */
const security = mapping(
  {
    mode: required(oneOf(['PSK', 'RPK', 'X509', 'EST', 'OSCORE', 'NoSec'])),
    key: optional(oneOf(['Generate', 'Stored'])),
    /** Of a pre-shared key, or of a Master Secret: some modems take sixteen and no more. */
    keyBytes: optional(integer({ min: 16, max: 64 })),
    /** Of another server; without it the key of this one. */
    serverPublicKey: optional(publicKey),
    noSec: optional(oneOf(['Allowed'])),
  },
  ['certificate', 'oscore'],
);

/** One server that the device is to register with. */
export const bootstrapAccount = mapping(
  {
    uri: required(serverUri),
    shortServerId: required(integer({ min: 1, max: 65_534 })),
    lifetime: withDefault(durationWithin('1s', '3650d'), durationOf('1d')),
    binding: withDefault(binding, 'U'),
    storesNotifications: withDefault(flag, true),
    security: required(security),
  },
  ['holdOff', 'muteSend'],
);
export type BootstrapAccountSpec = Read<typeof bootstrapAccount>;
