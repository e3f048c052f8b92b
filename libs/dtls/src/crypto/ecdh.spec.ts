import { describe, expect, it } from '@jest/globals';
import { SeededEntropy } from '@drover/testkit';
import { Entropy } from '@drover/kernel';
import { ephemeralKey, GROUP } from './ecdh.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

class Given extends Entropy {
  readonly #draws: Buffer[];
  constructor(...draws: string[]) {
    super();
    this.#draws = draws.map(hex);
  }
  bytes(): Uint8Array {
    return this.#draws.length > 1 ? this.#draws.shift()! : Buffer.from(this.#draws[0]!);
  }
}

describe.each([
  ['P-256', GROUP.secp256r1, 65],
  ['X25519', GROUP.x25519, 32],
] as const)('%s', (_, group, bytes) => {
  it('agrees', () => {
    const entropy = new SeededEntropy();
    const [a, b] = [ephemeralKey(group, entropy), ephemeralKey(group, entropy)];
    expect(a.point).toHaveLength(bytes);
    expect(a.agree(b.point)).toEqual(b.agree(a.point));
    expect(a.agree(b.point)).toHaveLength(32);
  });
});

it('X25519 as in RFC 7748 section 6.1', () => {
  const alice = ephemeralKey(GROUP.x25519, new Given('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'));
  const bob = hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
  expect(alice.point).toEqual(hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'));
  expect(alice.agree(bob)).toEqual(hex('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'));
});

it.each([
  ['zero', '00'.repeat(32)],
  ['the order of the group', 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'],
  ['above it', 'ff'.repeat(32)],
])('a scalar of P-256 that is %s is drawn again, and not for ever', (_, scalar) => {
  expect(ephemeralKey(GROUP.secp256r1, new Given(scalar, '01'.repeat(32))).point).toHaveLength(65);
  expect(() => ephemeralKey(GROUP.secp256r1, new Given(scalar))).toThrow(expect.objectContaining({ code: 'DTLS_ENTROPY' }));
});

const P256 = ephemeralKey(GROUP.secp256r1, new SeededEntropy()).point;
const offCurve = Buffer.from(P256);
offCurve[64]! ^= 1;
const compressed = Buffer.concat([Buffer.of(2 + (P256[64]! & 1)), P256.subarray(1, 33)]);

it.each([
  ['P-256: off the curve', GROUP.secp256r1, offCurve],
  ['P-256: compressed', GROUP.secp256r1, compressed],
  ['P-256: hybrid', GROUP.secp256r1, Buffer.concat([Buffer.of(6 + (P256[64]! & 1)), P256.subarray(1)])],
  ['P-256: at infinity', GROUP.secp256r1, Buffer.of(0)],
  ['P-256: a byte short', GROUP.secp256r1, P256.subarray(0, 64)],
  ['P-256: zeros', GROUP.secp256r1, Buffer.concat([Buffer.of(4), Buffer.alloc(64)])],
  ['P-256: coordinates beyond the field', GROUP.secp256r1, Buffer.concat([Buffer.of(4), Buffer.alloc(64, 0xff)])],
  ['X25519: zero', GROUP.x25519, Buffer.alloc(32)],
  ['X25519: one', GROUP.x25519, Buffer.concat([Buffer.of(1), Buffer.alloc(31)])],
  ['X25519: of order 8', GROUP.x25519, hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800')],
  ['X25519: the other of order 8', GROUP.x25519, hex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157')],
  ['X25519: p - 1', GROUP.x25519, hex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')],
  ['X25519: p', GROUP.x25519, hex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')],
  ['X25519: p + 1', GROUP.x25519, hex('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')],
  ['X25519: a byte long', GROUP.x25519, Buffer.alloc(33, 9)],
])('%s is an illegal_parameter', (_, group, point) => {
  expect(() => ephemeralKey(group, new SeededEntropy()).agree(point)).toThrow(expect.objectContaining({ code: 'DTLS_ILLEGAL_PARAMETER' }));
});
