import type { Reader } from '../handshake/reader.ts';
import { uint, vector } from '../handshake/writer.ts';
import { DtlsError } from '../errors.ts';
import type { PeerIdentity } from './identity.ts';

const KIND = { anonymous: 0, psk: 1, rpk: 2, x509: 3 } as const;
const FINGERPRINT_BYTES = 32;

/** As it stands in tickets and in saved sessions. */
export function encodeIdentity(identity: PeerIdentity): Buffer {
  const kind = uint(1, KIND[identity.kind]);
  switch (identity.kind) {
    case 'psk':
      return Buffer.concat([kind, vector(2, identity.identity)]);
    case 'rpk':
      return Buffer.concat([kind, vector(2, identity.spki)]);
    case 'x509':
      return Buffer.concat([kind, vector(1, Buffer.from(identity.name, 'utf8')), identity.fingerprint]);
    case 'anonymous':
      return kind;
  }
}

export function readIdentity(from: Reader): PeerIdentity {
  const kind = from.uint(1);
  if (kind === KIND.psk) return { kind: 'psk', identity: from.vector(2, 1) };
  if (kind === KIND.rpk) return { kind: 'rpk', spki: from.vector(2, 1) };
  if (kind === KIND.x509) return { kind: 'x509', name: from.text(1, 0), fingerprint: from.bytes(FINGERPRINT_BYTES) };
  if (kind !== KIND.anonymous) throw new DtlsError('DTLS_DECODE_ERROR', `identity of kind ${kind}`);
  return { kind: 'anonymous' };
}
