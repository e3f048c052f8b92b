import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import type { Entropy } from '@drover/kernel';
import { DtlsError } from '../errors.ts';

/** NamedCurve of RFC 8422 section 5.1.1: the two that are at least 255 bits and that Node and devices have. */
export const GROUP = { secp256r1: 23, x25519: 29 } as const;
export type Group = (typeof GROUP)[keyof typeof GROUP];

export const isGroup = (number: number): number is Group => number === GROUP.secp256r1 || number === GROUP.x25519;

/** One handshake's half of an ECDH. */
export interface EphemeralKey {
  readonly group: Group;
  readonly point: Buffer;
  /** The shared secret; a point that is none, or of small order, is an `illegal_parameter` (RFC 8422 sections 5.10 and 5.11). */
  agree(peerPoint: Uint8Array): Buffer;
}

const KEY_BYTES = 32;
const UNCOMPRESSED = 4;
const P256_POINT_BYTES = 65;
/** Half of all draws would have to fail for this to matter; one in four thousand million does. */
const DRAWS = 16;
const X25519_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const X25519_PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

export function ephemeralKey(group: Group, entropy: Entropy): EphemeralKey {
  return group === GROUP.secp256r1 ? p256(entropy) : x25519(entropy);
}

function p256(entropy: Entropy): EphemeralKey {
  const ecdh = createECDH('prime256v1');
  drawScalar(entropy, (scalar) => ecdh.setPrivateKey(scalar));
  return {
    group: GROUP.secp256r1,
    point: ecdh.getPublicKey(),
    agree(peerPoint) {
      if (peerPoint.length !== P256_POINT_BYTES || peerPoint[0] !== UNCOMPRESSED) throw badPoint('not an uncompressed point');
      return refusing(() => ecdh.computeSecret(peerPoint));
    },
  };
}

/** OpenSSL refuses 0 and what is not below the group's order. */
function drawScalar(entropy: Entropy, use: (scalar: Uint8Array) => void): void {
  for (let draw = 0; draw < DRAWS; draw++) {
    const scalar = entropy.bytes(KEY_BYTES);
    try {
      return use(scalar);
    } catch {
      continue;
    } finally {
      scalar.fill(0);
    }
  }
  throw new DtlsError('DTLS_ENTROPY', 'no private key after many draws: the source of random bytes is broken');
}

function x25519(entropy: Entropy): EphemeralKey {
  const scalar = entropy.bytes(KEY_BYTES);
  const der = Buffer.concat([X25519_PRIVATE, scalar]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  scalar.fill(0);
  return {
    group: GROUP.x25519,
    point: Buffer.from(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)),
    agree(peerPoint) {
      if (peerPoint.length !== KEY_BYTES) throw badPoint(`${peerPoint.length} bytes`);
      // OpenSSL fails on a shared secret of zeros: a point of small order.
      return refusing(() => {
        const publicKey = createPublicKey({ key: Buffer.concat([X25519_PUBLIC, peerPoint]), format: 'der', type: 'spki' });
        return diffieHellman({ privateKey, publicKey });
      });
    },
  };
}

const badPoint = (why: string): DtlsError => new DtlsError('DTLS_ILLEGAL_PARAMETER', `ECDH point: ${why}`);

function refusing(agree: () => Buffer): Buffer {
  try {
    return agree();
  } catch {
    throw badPoint('not on the curve, or of small order');
  }
}
