import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Digest, Endpoint } from '@drover/kernel';
import type { UpdateRecord } from '@drover/persistence';
import type { AttemptKey } from '../link/messages.ts';

/** Attempt and session in one text: a fact of an earlier session can never be taken for one of this. */
export function attemptKey(update: UpdateRecord): AttemptKey {
  return `${update.namespace}/${update.campaign}/${update.attempt}.${update.sessions}/${update.endpoint}`;
}

/** Unguessable without the server's secret, and the same for the whole life of this device and image. */
export function pullToken(secret: Uint8Array, endpoint: Endpoint, digest: Digest): string {
  return createHmac('sha256', keyFor(secret)).update(`pull\u0000${endpoint}\u0000${digest}`).digest().subarray(0, 12).toString('base64url');
}

/** Made once for each secret: that takes longer than to use it. */
const KEYS = new WeakMap<Uint8Array, KeyObject>();

function keyFor(secret: Uint8Array): KeyObject {
  let key = KEYS.get(secret);
  if (!key) KEYS.set(secret, (key = createSecretKey(secret)));
  return key;
}
