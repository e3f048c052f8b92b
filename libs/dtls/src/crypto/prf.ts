import { createHash, createHmac, type KeyObject } from 'node:crypto';
import type { Cipher } from './suites.ts';

export const MASTER_SECRET_BYTES = 48;
const VERIFY_DATA_BYTES = 12;

/** P_hash of RFC 5246 section 5 with SHA-256, cut to `length` bytes. */
function pSha256(secret: Uint8Array, seed: Uint8Array, length: number): Buffer {
  const out = Buffer.alloc(Math.ceil(length / 32) * 32);
  let a: Uint8Array = seed;
  for (let at = 0; at < length; at += 32) {
    a = createHmac('sha256', secret).update(a).digest();
    createHmac('sha256', secret).update(a).update(seed).digest().copy(out, at);
  }
  return out.subarray(0, length);
}

/** The PRF of TLS 1.2: P_SHA256 over label and seed. */
export function prf(secret: Uint8Array, label: string, seed: { readonly bytes: Uint8Array; readonly length: number }): Buffer {
  return pSha256(secret, Buffer.concat([Buffer.from(label, 'latin1'), seed.bytes]), seed.length);
}

export const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The random values of both hellos, 32 bytes each. */
export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** RFC 5246 section 8.1. */
export function masterSecret(premaster: Uint8Array, { client, server }: Randoms): Buffer {
  return prf(premaster, 'master secret', { bytes: Buffer.concat([client, server]), length: MASTER_SECRET_BYTES });
}

/** RFC 7627 section 4: over the hash of every message up to and including ClientKeyExchange, so that two sessions never share it. */
export function extendedMasterSecret(premaster: Uint8Array, sessionHash: Uint8Array): Buffer {
  return prf(premaster, 'extended master secret', { bytes: sessionHash, length: MASTER_SECRET_BYTES });
}

/** RFC 5246 section 7.4.9; `transcriptHash` is over every message before this Finished. */
export function verifyData(master: Uint8Array, sender: 'client' | 'server', transcriptHash: Uint8Array): Buffer {
  return prf(master, `${sender} finished`, { bytes: transcriptHash, length: VERIFY_DATA_BYTES });
}

/** What protects the records of one direction. `iv` is the fixed part of the nonce, empty for CBC; `mac` is empty for the others. */
export interface DirectionKeys {
  readonly mac: Buffer;
  readonly key: Buffer;
  readonly iv: Buffer;
  /** `key` as OpenSSL takes it, where somebody keeps it. */
  readonly keyObject?: KeyObject;
}

export interface KeyBlock {
  readonly client: DirectionKeys;
  readonly server: DirectionKeys;
}

const KEY_BYTES = 16;
/** Bytes of MAC key and fixed IV (RFC 5246 section 6.3, RFC 5288 section 3, RFC 6655 section 3). */
export const KEY_SIZES = {
  'aes-128-ccm-8': { mac: 0, key: KEY_BYTES, iv: 4 },
  'aes-128-gcm': { mac: 0, key: KEY_BYTES, iv: 4 },
  'aes-128-cbc-sha256': { mac: 32, key: KEY_BYTES, iv: 0 },
} as const satisfies Record<Cipher, { mac: number; key: number; iv: number }>;

/** RFC 5246 section 6.3: MAC keys, keys and IVs, the client's before the server's each time. The seed is server random first. */
export function keyBlock(cipher: Cipher, master: Uint8Array, { client, server }: Randoms): KeyBlock {
  const { mac, key, iv } = KEY_SIZES[cipher];
  const block = prf(master, 'key expansion', { bytes: Buffer.concat([server, client]), length: 2 * (mac + key + iv) });
  // Copies of their own: a slice would keep the whole block alive as long as the session.
  const cut = (start: number, length: number): Buffer => Buffer.from(block.subarray(start, start + length));
  const keysAt = (index: 0 | 1): DirectionKeys => ({
    mac: cut(index * mac, mac),
    key: cut(2 * mac + index * key, key),
    iv: cut(2 * (mac + key) + index * iv, iv),
  });
  const keys = { client: keysAt(0), server: keysAt(1) };
  block.fill(0);
  return keys;
}
