import { createCipheriv, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PSK } from '@drover/testkit';
import { OPENSSL_TALKS, type OpensslTalk } from '../../../../test/golden/dtls.ts';
import { decodeClientHello, decodeServerHello } from '../handshake/hello.ts';
import { encodeMessage, MESSAGE, readFragments } from '../handshake/message.ts';
import { CONTENT, readRecords, VERSION_1_2, type DtlsRecord } from '../record/record.ts';
import { additionalData } from './additional-data.ts';
import { pskPremaster } from './premaster.ts';
import { extendedMasterSecret, keyBlock, masterSecret, prf, sha256, verifyData } from './prf.ts';
import { openRecord, sealRecord } from './protection.ts';
import { suiteNamed } from './suites.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

it('the PRF, as published on the mailing list of the TLS working group for P_SHA256', () => {
  const seed = { bytes: hex('a0ba9f936cda311827a6f796ffd5198c'), length: 100 };
  expect(prf(hex('9bbe436ba940f017b17652849a71db35'), 'test label', seed).toString('hex')).toBe(
    'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab' +
      '4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
  );
});

it('the premaster secret of a PSK of four bytes (RFC 4279 section 2)', () => {
  expect(pskPremaster(hex('01020304')).toString('hex')).toBe('000400000000000401020304');
});

it('the master secret of RFC 5246 is another one than that of RFC 7627', () => {
  const randoms = { client: Buffer.alloc(32, 1), server: Buffer.alloc(32, 2) };
  expect(masterSecret(PSK, randoms)).not.toEqual(extendedMasterSecret(PSK, sha256()));
  expect(masterSecret(PSK, randoms)).toHaveLength(48);
});

/** What openssl said and heard, taken apart. */
function takeApart({ datagrams, suite, master }: OpensslTalk) {
  const records = datagrams.flatMap(([by, text]) => readRecords(hex(text), 0).map((record) => ({ by, record })));
  const messages = records
    .filter(({ record }) => record.epoch === 0 && record.type === CONTENT.handshake)
    .flatMap(({ record }) => readFragments(record.fragment)!)
    .map(({ type, sequence, bytes }) => ({ type, sequence, body: bytes }));
  // The hello without a cookie and its answer are no part of it.
  const transcript = messages.slice(2);
  const [hello, answer] = transcript;
  const randoms = { client: decodeClientHello(hello!.body).random, server: decodeServerHello(answer!.body).random };
  const { cipher } = suiteNamed(suite);
  const keys = keyBlock(cipher, hex(master), randoms);
  const open = (by: 'client' | 'server', record: DtlsRecord) => openRecord({ cipher, keys: keys[by] }, record);
  return { records, transcript, open, cipher, keys };
}

describe.each(OPENSSL_TALKS)('a talk of openssl by $suite', (talk) => {
  const { records, transcript, open, cipher, keys } = takeApart(talk);
  const protectedOnes = records.filter(({ record }) => record.epoch === 1);
  const contents = protectedOnes.map(({ by, record }) => open(by, record));

  it('has the master secret that openssl wrote to its key log', () => {
    const upToKeyExchange = transcript.slice(0, 1 + transcript.findIndex(({ type }) => type === MESSAGE.client_key_exchange));
    expect(extendedMasterSecret(pskPremaster(PSK), sha256(...upToKeyExchange.map(encodeMessage))).toString('hex')).toBe(talk.master);
  });

  it('is readable: Finished both ways, data, close_notify', () => {
    const types = contents.map((content) => (typeof content === 'string' ? content : content.type));
    expect(types).toEqual([CONTENT.handshake, CONTENT.handshake, CONTENT.application_data, CONTENT.alert, CONTENT.alert]);
    expect(contents[2]).toMatchObject({ bytes: Buffer.from('from openssl') });
  });

  it('ends with the Finished that we would compute', () => {
    const hash = sha256(...transcript.map(encodeMessage));
    const [finished] = contents;
    const body = typeof finished === 'object' ? finished.bytes.subarray(12) : undefined;
    expect(body).toEqual(verifyData(hex(talk.master), 'client', hash));
  });

  it('is sealed by us to the same bytes, where the nonce is ours to choose', () => {
    const { record } = protectedOnes[2]!;
    const sealed = sealRecord(
      { cipher, keys: keys.client },
      { ...record, cid: new Uint8Array(0) },
      { type: 23, bytes: Buffer.from('from openssl') },
    );
    expect(sealed).toHaveLength(13 + record.fragment.length);
    if (cipher === 'aes-128-ccm-8')
      expect(sealed.subarray(13).equals(record.fragment)).toBe(record.fragment.subarray(0, 8).equals(sealed.subarray(13, 21)));
  });

  it('with any bit of any protected record turned is forged', () => {
    for (const { by, record } of protectedOnes) {
      for (let bit = 0; bit < record.fragment.length * 8; bit += 7) {
        const fragment = Buffer.from(record.fragment);
        fragment[bit >> 3]! ^= 1 << (bit & 7);
        expect(open(by, { ...record, fragment })).toBe('forged');
      }
    }
  });

  it.each([
    ['type', { type: 22 }],
    ['epoch', { epoch: 2 }],
    ['number', { sequence: 77 }],
    ['version', { version: 0xfeff }],
  ])('with another %s in its header is forged', (_, change) => {
    expect(open('client', { ...protectedOnes[2]!.record, ...change })).toBe('forged');
  });

  it('cut anywhere is forged', () => {
    const { record } = protectedOnes[2]!;
    for (let length = 0; length < record.fragment.length; length++) {
      expect(open('client', { ...record, fragment: record.fragment.subarray(0, length) })).toBe('forged');
    }
  });
});

describe('a record with a Connection ID (RFC 9146 section 5.3)', () => {
  const keys = { mac: Buffer.alloc(32, 3), key: hex('000102030405060708090a0b0c0d0e0f'), iv: hex('a0a1a2a3') };
  const place = { epoch: 1, sequence: 5, cid: hex('c0c1c2c3') };
  const content = { type: 23, bytes: Buffer.from('data') };
  const inner = hex('64617461 17');
  /** By hand: eight bytes of ones, type, length of the CID, type, version, epoch, number, CID, length of the inner plaintext. */
  const aad = hex('ffffffffffffffff 19 04 19 fefd 0001 000000000005 c0c1c2c3 0005');

  it.each([
    ['aes-128-ccm-8', 'aes-128-ccm', 8],
    ['aes-128-gcm', 'aes-128-gcm', 16],
  ] as const)('%s', (cipher, node, tagBytes) => {
    const encryption = createCipheriv(node as 'aes-128-ccm', keys.key, hex('a0a1a2a3 0001 000000000005'), { authTagLength: tagBytes });
    encryption.setAAD(aad, { plaintextLength: inner.length });
    const ciphertext = Buffer.concat([encryption.update(inner), encryption.final(), encryption.getAuthTag()]);
    const header = hex(`19 fefd 0001 000000000005 c0c1c2c3 ${(8 + ciphertext.length).toString(16).padStart(4, '0')}`);
    const expected = Buffer.concat([header, hex('0001 000000000005'), ciphertext]);
    expect(sealRecord({ cipher, keys }, place, content)).toEqual(expected);
    expect(openRecord({ cipher, keys }, readRecords(expected, 4)[0]!)).toEqual(content);
  });

  it('with CBC the MAC is over the same, and IV and ciphertext (section 5.2)', () => {
    const sealed = sealRecord({ cipher: 'aes-128-cbc-sha256', keys }, place, content);
    const [record] = readRecords(sealed, 4);
    const body = record!.fragment.subarray(0, -32);
    const mac = createHmac('sha256', keys.mac).update(aad.subarray(0, -2)).update(hex('0020')).update(body).digest();
    expect(record!.fragment.subarray(-32)).toEqual(mac);
    expect(openRecord({ cipher: 'aes-128-cbc-sha256', keys }, record!)).toEqual(content);
  });

  it('has no additional data in common with a record without, whatever its Connection ID', () => {
    const header = { version: VERSION_1_2, epoch: 1, sequence: 5 };
    const plain = additionalData({ ...header, type: 23, cid: new Uint8Array(0) }, 5);
    expect(additionalData({ ...header, type: 25, cid: hex('c0') }, 5).subarray(0, plain.length)).not.toEqual(plain);
  });
});
