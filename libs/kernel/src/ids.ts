import type { Brand } from './brand.ts';
import { DroverError } from './errors.ts';

/** Endpoint client name: the `ep` a device registers with, e.g. `urn:imei:490154203237518`. Compared byte-wise. */
export type Endpoint = Brand<string, 'Endpoint'>;

export function Endpoint(text: string): Endpoint {
  // Control characters would let one device forge lines in logs and tables of another.
  if (text === '' || Buffer.byteLength(text) > 255 || /\p{Cc}/u.test(text)) {
    throw new DroverError(
      'ENDPOINT_INVALID',
      'input',
      `endpoint name must be 1..255 bytes without control characters, got ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return text as Endpoint;
}

/** Tenant or operating company. In every key, event and port from the first migration on. */
export type Namespace = Brand<string, 'Namespace'>;

/** Name of a campaign, firmware, policy …: what `metadata.name` may hold. */
export type Name = Brand<string, 'Name'>;

const NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;

export function Name(text: string): Name {
  if (!NAME.test(text)) {
    throw new DroverError('NAME_INVALID', 'input', `a name is 1..63 of a-z, 0-9, "-" and ".", got ${JSON.stringify(text.slice(0, 80))}`);
  }
  return text as Name;
}

export function Namespace(text: string): Namespace {
  return Name(text) as string as Namespace;
}

export const DEFAULT_NAMESPACE = 'default' as Namespace;

/** SHA-256 in the form `sha256:<64 hex digits>`. */
export type Digest = Brand<string, 'Digest'>;

export function Digest(text: string): Digest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) {
    throw new DroverError('DIGEST_INVALID', 'input', `a digest is sha256: and 64 hex digits, got ${JSON.stringify(text.slice(0, 80))}`);
  }
  return text as Digest;
}

export function digestOfBytes(sha256: Uint8Array): Digest {
  return Digest(`sha256:${Buffer.from(sha256).toString('hex')}`);
}

/** One try of one device in one campaign; unique across the server. */
export type AttemptId = Brand<string, 'AttemptId'>;

export function AttemptId(text: string): AttemptId {
  if (!/^[A-Za-z0-9_.:/-]{1,400}$/.test(text))
    throw new DroverError('ATTEMPT_INVALID', 'input', `bad attempt id ${JSON.stringify(text.slice(0, 80))}`);
  return text as AttemptId;
}
