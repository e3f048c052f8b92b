import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { encodeManifest, parseEnvelope, parsePrivateKey, signManifest, toBeSigned } from '@drover/firmware-store';
import { writeKeyPair } from '@drover/firmware-store/stores';
import { Digest, Instant, Name } from '@drover/kernel';
import { saySkipped } from './skipped.ts';

const found = spawnSync('openssl', ['version'], { encoding: 'utf8' });
const hasOpenssl = found.status === 0;
if (!hasOpenssl) saySkipped('no openssl command here, so nobody but ourselves has checked our signatures');

const folder = mkdtempSync(join(tmpdir(), 'drover-openssl-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const payload = encodeManifest({
  name: Name('wm-modem'),
  version: '2.4.1',
  sequenceNumber: 17,
  size: 250_000,
  digest: Digest(`sha256:${'6a'.repeat(32)}`),
  models: ['WM-300'],
  createdAt: Instant(1_796_000_000_000),
  expiresAt: Instant(1_812_000_000_000),
});

/** Two integers of 32 bytes, as SEQUENCE of INTEGER: what the rest of the world calls an ECDSA signature. */
function derOf(p1363: Uint8Array): Buffer {
  const integer = (bytes: Uint8Array) => {
    const hex =
      Buffer.from(bytes)
        .toString('hex')
        .replace(/^(00)+/, '') || '00';
    const body = Buffer.from(parseInt(hex.slice(0, 2), 16) >= 0x80 ? `00${hex}` : hex, 'hex');
    return Buffer.concat([Buffer.of(0x02, body.length), body]);
  };
  const body = Buffer.concat([integer(p1363.subarray(0, 32)), integer(p1363.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

/** Sig_structure (RFC 9052, section 4.4) put together by hand, so that `toBeSigned` is checked as well. */
function sigStructure(alg: number, kid: string): Buffer {
  const bytes = (value: Buffer) => {
    const head =
      value.length < 24
        ? [0x40 + value.length]
        : value.length < 256
          ? [0x58, value.length]
          : [0x59, value.length >> 8, value.length & 0xff];
    return Buffer.concat([Buffer.from(head), value]);
  };
  const contentType = 'application/vnd.drover.firmware-manifest+cbor';
  const body = Buffer.concat([Buffer.of(0xa1, 0x03, 0x78, contentType.length), Buffer.from(contentType)]);
  const signer = Buffer.concat([Buffer.of(0xa2, 0x01, 0x20 + (-1 - alg), 0x04), bytes(Buffer.from(kid, 'hex'))]);
  const context = Buffer.concat([Buffer.of(0x69), Buffer.from('Signature')]);
  return Buffer.concat([Buffer.of(0x85), context, bytes(body), bytes(signer), bytes(Buffer.alloc(0)), bytes(Buffer.from(payload))]);
}

const signedWith = async (algorithm: 'EdDSA' | 'ES256') => {
  const files = { privateKey: path(`${algorithm}.key`), publicKey: path(`${algorithm}.pub`) };
  const { id } = await writeKeyPair(files, algorithm);
  const envelope = signManifest(payload, [parsePrivateKey(readFileSync(files.privateKey, 'utf8'))]);
  const [signature] = parseEnvelope(envelope).signatures;
  if (!signature) throw new Error('one signature expected');
  const message = sigStructure(algorithm === 'EdDSA' ? -8 : -7, id);
  expect(Buffer.from(toBeSigned(payload, signature)).toString('hex')).toBe(message.toString('hex'));
  return { files, message, signature: Buffer.from(signature.signature) };
};

const openssl = (...args: string[]) => spawnSync('openssl', args, { encoding: 'utf8' });
const check = hasOpenssl ? it : it.skip;

describe('openssl verifies what we signed', () => {
  check('Ed25519', async () => {
    const { files, message, signature } = await signedWith('EdDSA');
    writeFileSync(path('sig'), signature);
    const verify = (bytes: Buffer) => {
      writeFileSync(path('message'), bytes);
      return openssl('pkeyutl', '-verify', '-pubin', '-inkey', files.publicKey, '-rawin', '-in', path('message'), '-sigfile', path('sig'))
        .status;
    };
    expect(verify(message)).toBe(0);
    expect(verify(Buffer.concat([message.subarray(0, -1), Buffer.of(0xff)]))).not.toBe(0);
  });

  check('ES256', async () => {
    const { files, message, signature } = await signedWith('ES256');
    writeFileSync(path('sig.der'), derOf(signature));
    const verify = (bytes: Buffer) => {
      writeFileSync(path('message'), bytes);
      return openssl('dgst', '-sha256', '-verify', files.publicKey, '-signature', path('sig.der'), path('message')).stdout.trim();
    };
    expect(verify(message)).toBe('Verified OK');
    expect(verify(Buffer.concat([message.subarray(0, -1), Buffer.of(0xff)]))).not.toBe('Verified OK');
  });

  check('and reads our private keys', async () => {
    const files = { privateKey: path('read.key'), publicKey: path('read.pub') };
    await writeKeyPair(files);
    const derived = execFileSync('openssl', ['pkey', '-in', files.privateKey, '-pubout'], { encoding: 'utf8' });
    expect(derived).toBe(readFileSync(files.publicKey, 'utf8'));
  });
});
