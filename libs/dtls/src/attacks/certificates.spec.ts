import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { certificateDer, DtlsBench, endOf, ownCertificate, privateKeyOf, rewriting, rewritingHello, type DtlsWorld } from '@drover/testkit';
import { decodeCertificates, decodeCertificateVerify, encodeCertificates, encodeSigned, EXTENSION, MESSAGE } from '../index.ts';

// Whoever shows a certificate or a bare key: is it its own, and does anybody vouch for it.

const suites = ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] as const;
const x509: DtlsWorld = {
  server: { suites },
  client: { suites, cidBytes: undefined, serverCertificateTypes: ['x509'] },
  serverOwn: ownCertificate('server'),
  ports: { own: { ...ownCertificate('device'), rawKey: undefined } },
};
const rpk: DtlsWorld = { ...x509, client: { ...x509.client, serverCertificateTypes: ['rpk'] }, ports: { own: ownCertificate('device') } };
const spki = (name: 'device' | 'server'): Buffer => ownCertificate(name).rawKey as Buffer;

describe('both ways', () => {
  it.each([
    ['X.509', x509, 'x509'],
    ['raw public keys', rpk, 'rpk'],
  ] as const)('%s', (_, world, kind) => {
    const bench = new DtlsBench(world).connect();
    expect([bench.session.identity.kind, bench.said('client', 'opened')[0]!.session.identity.kind]).toEqual([kind, kind]);
    expect([bench.trust.presented[0]!.kind, bench.clientTrust.presented[0]!.kind]).toEqual([kind, kind]);
  });

  it('the client is known by what the port calls it, and by its fingerprint', () => {
    const bench = new DtlsBench(x509).connect();
    expect(bench.session.identity).toMatchObject({ kind: 'x509', name: 'urn:dev:1', fingerprint: expect.any(Buffer) });
    expect(bench.trust.presented[0]).toMatchObject({ kind: 'x509', chain: [{}, {}] });
  });

  it('the name that the client asked for is handed on, also where it is an address', () => {
    const bench = new DtlsBench({ ...x509, client: { ...x509.client, serverName: '192.0.2.1' } }).connect();
    expect([bench.session.serverName, bench.trust.presented[0]!.serverName]).toEqual(['192.0.2.1', '192.0.2.1']);
  });

  it('a server that asks for nothing lets in whoever has nothing', () => {
    const bench = new DtlsBench({ ...x509, server: { suites, clientAuthentication: 'none' }, ports: { own: undefined } }).connect();
    expect(bench.session.identity).toEqual({ kind: 'anonymous' });
  });
});

describe('what the port refuses gets its alert', () => {
  it.each([
    'bad_certificate',
    'certificate_revoked',
    'certificate_expired',
    'certificate_unknown',
    'unknown_ca',
    'access_denied',
    'unsupported_certificate',
  ] as const)('%s', (alert) => {
    for (const world of [x509, rpk]) {
      const bench = new DtlsBench(world);
      bench.trust.verdict = { alert };
      bench.connect();
      expect([endOf(bench, 'server'), endOf(bench, 'client'), bench.server.load.sessions]).toEqual([
        `by us ${alert}`,
        `by peer ${alert}`,
        0,
      ]);
    }
  });

  it('a port that says nothing lets nobody in', () => {
    const bench = new DtlsBench(x509);
    bench.trust.verdict = { alert: 'unknown_ca' };
    bench.clientTrust.verdict = { alert: 'unknown_ca' };
    bench.connect();
    expect([endOf(bench, 'client'), endOf(bench, 'server')]).toEqual(['by us unknown_ca', 'by peer unknown_ca']);
  });
});

describe('a client', () => {
  const spoil = (type: number, rewrite: (body: Buffer) => Buffer | undefined, world = x509): DtlsBench => {
    const bench = new DtlsBench(world);
    bench.meddle = rewriting('server', type, rewrite);
    return bench.connect();
  };
  const key = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, bytes.length >> 8, bytes.length & 255]), bytes]);

  it.each([
    ['without a certificate', x509, () => encodeCertificates([]), 'handshake_failure'],
    ['without a key', rpk, () => key(Buffer.alloc(0)), 'handshake_failure'],
    ['with something that is no certificate', x509, () => encodeCertificates([Buffer.alloc(300, 1)]), 'bad_certificate'],
    [
      'with a certificate with a byte behind its end',
      x509,
      () => encodeCertificates([Buffer.concat([certificateDer('device'), Buffer.of(0)])]),
      'bad_certificate',
    ],
    [
      'with a certificate in PEM',
      x509,
      () =>
        encodeCertificates([
          Buffer.from(`-----BEGIN CERTIFICATE-----\n${certificateDer('device').toString('base64')}\n-----END CERTIFICATE-----\n`),
        ]),
      'bad_certificate',
    ],
    [
      'with a bad one among its issuers',
      x509,
      () => encodeCertificates([certificateDer('device'), Buffer.alloc(20, 1)]),
      'bad_certificate',
    ],
    ['with nine certificates', x509, () => encodeCertificates(Array<Buffer>(9).fill(certificateDer('device'))), 'bad_certificate'],
    ['with an empty certificate', x509, () => Buffer.from('000003000000', 'hex'), 'decode_error'],
    ['with a list that ends inside an entry', x509, () => Buffer.from('0000040000ff01', 'hex'), 'decode_error'],
    ['with a list longer than its message', x509, () => Buffer.from('0000ff', 'hex'), 'decode_error'],
    ['with a key on P-384', x509, () => encodeCertificates([certificateDer('onP384')]), 'unsupported_certificate'],
    ['with an RSA key in an ECDSA suite', x509, () => encodeCertificates([certificateDer('withRsa')]), 'unsupported_certificate'],
    ['with a raw key that is none', rpk, () => key(Buffer.alloc(91, 1)), 'bad_certificate'],
    [
      'with a raw key with a byte behind its end (a second spelling)',
      rpk,
      () => key(Buffer.concat([spki('device'), Buffer.of(0)])),
      'bad_certificate',
    ],
    [
      'with a raw key on P-384',
      rpk,
      () => key(createPublicKey(privateKeyOf('onP384').export({ format: 'pem', type: 'pkcs8' })).export({ format: 'der', type: 'spki' })),
      'unsupported_certificate',
    ],
    ['with a raw key in place of a certificate', x509, () => key(spki('device')), 'decode_error'],
    ['with a certificate in place of a raw key', rpk, () => key(certificateDer('device')), 'bad_certificate'],
  ] as const)('%s: the alert for it', (_, world, rewrite, alert) => {
    const bench = spoil(MESSAGE.certificate, rewrite, world);
    expect([endOf(bench, 'server'), bench.server.load.halfOpen, bench.server.load.sessions]).toEqual([`by us ${alert}`, 0, 0]);
  });

  it('with an oversized certificate is refused by the header of the message', () => {
    const bench = spoil(MESSAGE.certificate, () => encodeCertificates([Buffer.alloc(9000)]));
    expect(endOf(bench, 'server')).toBe('by us illegal_parameter');
  });

  it('with somebody else’s certificate (a certificate is public): decrypt_error', () => {
    const bench = new DtlsBench({
      ...x509,
      ports: { own: { ...ownCertificate('device'), rawKey: undefined, chain: [certificateDer('stranger')] } },
    }).connect();
    expect([endOf(bench, 'server'), bench.said('server', 'opened')]).toEqual(['by us decrypt_error', []]);
  });

  it('with somebody else’s raw key: decrypt_error', () => {
    const bench = new DtlsBench({ ...rpk, ports: { own: { ...ownCertificate('device'), rawKey: spki('server') } } }).connect();
    expect(endOf(bench, 'server')).toBe('by us decrypt_error');
  });

  it.each([
    ['of another handshake', (body: Buffer) => spoilSignature(body), 'decrypt_error'],
    [
      'that is no DER',
      (body: Buffer) => encodeSigned({ ...decodeCertificateVerify(body), signature: Buffer.alloc(70, 1) }),
      'decrypt_error',
    ],
    ['that is empty', (body: Buffer) => encodeSigned({ ...decodeCertificateVerify(body), signature: Buffer.alloc(0) }), 'decrypt_error'],
    [
      'with r and s of zero (CVE-2022-21449)',
      (body: Buffer) => encodeSigned({ ...decodeCertificateVerify(body), signature: Buffer.from('3006020100020100', 'hex') }),
      'decrypt_error',
    ],
    ['with RSA', (body: Buffer) => encodeSigned({ ...decodeCertificateVerify(body), algorithm: 0x0401 }), 'illegal_parameter'],
    ['with SHA-1', (body: Buffer) => encodeSigned({ ...decodeCertificateVerify(body), algorithm: 0x0203 }), 'illegal_parameter'],
    ['that is cut off', (body: Buffer) => body.subarray(0, -1), 'decode_error'],
  ])('with a signature %s: %s', (_, rewrite, alert) => {
    const bench = spoil(MESSAGE.certificate_verify, rewrite as (body: Buffer) => Buffer);
    expect(endOf(bench, 'server')).toBe(`by us ${alert}`);
  });

  it('whose certificate is swapped on the way: its signature tells', () => {
    const bench = spoil(MESSAGE.certificate, (body) => encodeCertificates([...decodeCertificates(body), certificateDer('root')]));
    expect(endOf(bench, 'server')).toBe('by us decrypt_error');
  });
});

describe('a server', () => {
  const spoil = (type: number, rewrite: (body: Buffer) => Buffer | undefined): DtlsBench => {
    const bench = new DtlsBench(x509);
    bench.meddle = rewriting('client', type, rewrite);
    return bench.connect();
  };

  it.each([
    ['without a certificate', MESSAGE.certificate, () => encodeCertificates([]), 'bad_certificate'],
    ['with somebody else’s certificate', MESSAGE.certificate, () => encodeCertificates([certificateDer('stranger')]), 'decrypt_error'],
    ['whose key exchange is signed for another handshake', MESSAGE.server_key_exchange, (body: Buffer) => spoilLast(body), 'decrypt_error'],
    ['whose point was swapped (a man in the middle)', MESSAGE.server_key_exchange, (body: Buffer) => spoilAt(body, 10), 'decrypt_error'],
    [
      'with explicit curve parameters (CVE-2020-0601)',
      MESSAGE.server_key_exchange,
      (body: Buffer) => spoilAt(body, 0),
      'illegal_parameter',
    ],
    ['that leaves out its key exchange', MESSAGE.server_key_exchange, () => undefined, 'nothing'],
    [
      'that asks for a signature that we lack',
      MESSAGE.certificate_request,
      () => Buffer.from('0140000204010000', 'hex'),
      'handshake_failure',
    ],
    ['that asks for RSA certificates', MESSAGE.certificate_request, () => Buffer.from('0101000204030000', 'hex'), 'handshake_failure'],
    ['whose ServerHelloDone has content', MESSAGE.server_hello_done, () => Buffer.of(1), 'decode_error'],
  ] as const)('%s: %4$s', (_, type, rewrite, alert) => {
    const bench = spoil(type, rewrite as (body: Buffer) => Buffer | undefined);
    expect(endOf(bench, 'client')).toBe(alert === 'nothing' ? alert : `by us ${alert}`);
    expect(bench.said('client', 'opened')).toEqual([]);
  });

  it('that has no key for certificates agrees on no such suite', () => {
    const bench = new DtlsBench({ ...x509, serverOwn: undefined }).connect();
    expect(endOf(bench, 'server')).toBe('by us unsupported_certificate');
  });

  it('that has only a raw key and a client that takes only certificates: unsupported_certificate', () => {
    const bench = new DtlsBench({ ...x509, serverOwn: { ...ownCertificate('server'), chain: undefined } }).connect();
    expect(endOf(bench, 'server')).toBe('by us unsupported_certificate');
  });

  it('type confusion: a client that names no types is shown X.509, and asked for it', () => {
    const bench = new DtlsBench({ ...rpk, client: { suites, cidBytes: undefined } });
    bench.meddle = rewritingHello(({ extensions }) => ({
      extensions: new Map(
        [...extensions].filter(([type]) => type !== EXTENSION.server_certificate_type && type !== EXTENSION.client_certificate_type),
      ),
    }));
    bench.connect();
    expect(bench.clientTrust.presented[0]!.kind).toBe('x509');
  });
});

function spoilAt(body: Buffer, at: number): Buffer {
  const changed = Buffer.from(body);
  changed[at]! ^= 1;
  return changed;
}
const spoilLast = (body: Buffer): Buffer => spoilAt(body, body.length - 1);
const spoilSignature = (body: Buffer): Buffer => spoilLast(body);
