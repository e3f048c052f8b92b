import { createHash } from 'node:crypto';
import type { CredentialCode } from './errors.ts';

/** Bytes of a PSK. Every LwM2M server must take 64; below 16 a key can be searched for offline, from one recorded handshake. */
export const KEY_BYTES = { min: 16, max: 64 } as const;

/** Fewer different bytes than this among sixteen come by chance once in a million million keys. */
const LEAST_DIFFERENT = 8;
const WORDS = [
  'password',
  'passw0rd',
  'secret',
  'default',
  'admin',
  'changeme',
  'letmein',
  'qwerty',
  'sesame',
  'lwm2m',
  'drover',
  'test1234',
];
const HASHES = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const;
/** A shorter name is in too many keys by chance. */
const LEAST_NAME_BYTES = 4;

export interface KeyFault {
  readonly code: CredentialCode;
  readonly message: string;
}

/** Who the key is for: what must not be guessed from these. */
export interface KeyOwner {
  readonly endpoint: string;
  readonly identity: string;
}

/**
 * What is wrong with a pre-shared key, or `undefined`. Patterns only: whether a key was drawn at random cannot be seen. A key
 * that the rules on text refuse although it is random comes once in seven million; draw another.
 */
export function weaknessOf(key: Uint8Array, owner: KeyOwner): KeyFault | undefined {
  const { min, max } = KEY_BYTES;
  if (key.length < min) return fault('KEY_TOO_SHORT', `${key.length} bytes; at least ${min} are needed`);
  if (key.length > max) return fault('KEY_TOO_LONG', `${key.length} bytes; at most ${max} are taken`);
  if (isDerived(key, owner)) return fault('KEY_DERIVED', 'it follows from the identity or the endpoint: a serial number is no secret');
  if (isCounter(key)) return fault('KEY_COUNTER', 'its bytes are a counter');
  if (isRepetitive(key)) return fault('KEY_REPETITIVE', 'it repeats itself');
  if (hasWord(key)) return fault('KEY_DICTIONARY', 'it holds a word that everybody tries first');
  if (isText(key)) return fault('KEY_TEXT', 'it is printable text: a password, or hex or base64 that was not decoded');
  return undefined;
}

const fault = (code: CredentialCode, message: string): KeyFault => ({ code, message: `weak key: ${message}` });

/** 00 01 02 …, also backwards, in larger steps, and the same byte all along. */
function isCounter(key: Uint8Array): boolean {
  const step = (key[1]! - key[0]!) & 0xff;
  return step !== 0 && key.every((byte, index) => index === 0 || ((byte - key[index - 1]!) & 0xff) === step);
}

function isRepetitive(key: Uint8Array): boolean {
  if (new Set(key).size < LEAST_DIFFERENT) return true;
  for (let period = 1; period <= key.length / 2; period++) if (key.every((byte, index) => byte === key[index % period])) return true;
  return false;
}

const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f;

/** Text that was filled up to its length counts as well. */
function isText(key: Uint8Array): boolean {
  const bytes = withoutPadding(key);
  return bytes.length > 0 && bytes.every(isPrintable);
}

function withoutPadding(key: Uint8Array): Uint8Array {
  const last = key.at(-1)!;
  if (last !== 0 && last !== 0xff) return key;
  return key.subarray(0, key.findLastIndex((byte) => byte !== last) + 1);
}

function hasWord(key: Uint8Array): boolean {
  const text = Buffer.from(key).toString('latin1').toLowerCase();
  return WORDS.some((word) => text.includes(word));
}

function isDerived(key: Uint8Array, owner: KeyOwner): boolean {
  const bytes = Buffer.from(key);
  return namesOf(owner).some((name) => spellingsOf(name).some((spelled) => isMadeOf(bytes, spelled)) || isHashOf(bytes, name));
}

/** The identity, the endpoint, and the serial number in them: `urn:imei:490154203237518`. */
function namesOf({ endpoint, identity }: KeyOwner): string[] {
  const whole = [identity, endpoint];
  const parts = whole.flatMap((name) => [
    name.slice(name.lastIndexOf(':') + 1),
    name.slice(name.lastIndexOf('/') + 1),
    name.replace(/\D/g, ''),
  ]);
  return [...new Set([...whole, ...parts].filter((name) => Buffer.byteLength(name) >= LEAST_NAME_BYTES))];
}

/** As text, backwards, and its digits packed two to a byte. */
function spellingsOf(name: string): Buffer[] {
  const text = Buffer.from(name, 'utf8');
  const hex = name.length % 2 === 0 ? name : `0${name}`;
  const packed = /^[0-9a-f]+$/i.test(name) ? [Buffer.from(hex, 'hex'), Buffer.from(`${name}f`.slice(0, hex.length), 'hex')] : [];
  return [text, Buffer.from(text).reverse(), ...packed].filter(({ length }) => length >= LEAST_NAME_BYTES);
}

/** It is in the key, filled up with whatever, or the key is its beginning. */
function isMadeOf(key: Buffer, spelled: Buffer): boolean {
  return key.includes(spelled) || (spelled.length >= key.length && spelled.subarray(0, key.length).equals(key));
}

function isHashOf(key: Buffer, name: string): boolean {
  return [name, name.toLowerCase(), name.toUpperCase()].some((text) =>
    HASHES.some((hash) => {
      const digest = createHash(hash).update(text, 'utf8').digest();
      return isMadeOf(key, digest) || isMadeOf(key, Buffer.from(digest.toString('hex'))) || digest.subarray(-key.length).equals(key);
    }),
  );
}
