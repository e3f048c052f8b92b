import { describe, expect, it } from '@jest/globals';
import { decodeMessage, encodeMessage, type CoapMessage, type RawOption } from '../message.ts';
import { OPTION } from '../options.ts';
import { deriveKeys, nonceOf, type OscoreKeys, type OscoreSecret } from './keys.ts';
import { decodeOscoreOption, encodeOscoreOption, pivOf } from './option.ts';
import { open, seal, type RequestBinding } from './sealing.ts';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const swapped = ({ senderId, recipientId, ...same }: OscoreSecret): OscoreSecret => ({
  ...same,
  senderId: recipientId,
  recipientId: senderId,
});

const masterSecret = hex('0102030405060708090a0b0c0d0e0f10');
const masterSalt = hex('9e7ca92223786340');
const FIRST: OscoreSecret = { masterSecret, masterSalt, senderId: hex(''), recipientId: hex('01') };
const SECOND: OscoreSecret = { masterSecret, senderId: hex('00'), recipientId: hex('01') };
const THIRD: OscoreSecret = { ...FIRST, idContext: hex('37cbf3210017a2d3') };

/** RFC 8613 appendix C.1 to C.3: of the client, and of the server. */
describe.each([
  {
    name: 'C.1, with a salt',
    secret: FIRST,
    senderKey: 'f0910ed7295e6ad4b54fc793154302ff',
    recipientKey: 'ffb14e093c94c9cac9471648b4f98710',
    commonIv: '4622d4dd6d944168eefb54987c',
    nonces: ['4622d4dd6d944168eefb54987c', '4722d4dd6d944169eefb54987c'],
  },
  {
    name: 'C.2, without one',
    secret: SECOND,
    senderKey: '321b26943253c7ffb6003b0b64d74041',
    recipientKey: 'e57b5635815177cd679ab4bcec9d7dda',
    commonIv: 'be35ae297d2dace910c52e99f9',
    nonces: ['bf35ae297d2dace910c52e99f9', 'bf35ae297d2dace810c52e99f9'],
  },
  {
    name: 'C.3, with an ID Context',
    secret: THIRD,
    senderKey: 'af2a1300a5e95788b356336eeecd2b92',
    recipientKey: 'e39a0c7c77b43f03b4b39ab9a268699f',
    commonIv: '2ca58fb85ff1b81c0b7181b85e',
    nonces: ['2ca58fb85ff1b81c0b7181b85e', '2da58fb85ff1b81d0b7181b85e'],
  },
])('$name', ({ secret, senderKey, recipientKey, commonIv, nonces }) => {
  it('gives the keys of the appendix to both sides', () => {
    const client = deriveKeys(secret);
    expect([client.senderKey, client.recipientKey, client.commonIv].map(text)).toEqual([senderKey, recipientKey, commonIv]);
    const server = deriveKeys(swapped(secret));
    expect([server.senderKey, server.recipientKey, server.commonIv].map(text)).toEqual([recipientKey, senderKey, commonIv]);
  });

  it('gives the first nonce of each side', () => {
    const { commonIv: iv, senderId, recipientId } = deriveKeys(secret);
    expect([senderId, recipientId].map((id) => text(nonceOf(iv, id, pivOf(0))))).toEqual(nonces);
  });
});

/** Class U, or both (section 4.1): stays outside. */
const OUTER: readonly number[] = [OPTION.URI_HOST, OPTION.URI_PORT];

function protectedOf(plain: CoapMessage, keys: OscoreKeys, option: Parameters<typeof encodeOscoreOption>[0], binding: RequestBinding) {
  const inner = { code: plain.code, options: plain.options.filter(({ number }) => !OUTER.includes(number)), payload: plain.payload };
  const nonce = option.piv ? { id: keys.senderId, piv: option.piv } : { id: keys.recipientId, piv: binding.piv };
  const outer = plain.options.filter(({ number }) => OUTER.includes(number));
  const options: RawOption[] = [...outer, { number: OPTION.OSCORE, value: encodeOscoreOption(option) }];
  return encodeMessage({
    ...plain,
    code: plain.code < 32 ? 0x02 : 0x44,
    options: options.toSorted((a, b) => a.number - b.number),
    payload: seal(keys, inner, nonce, binding),
  });
}

/** C.4 to C.6. */
describe.each([
  {
    name: 'C.4, a request',
    secret: FIRST,
    plain: '44015d1f00003974396c6f63616c686f737483747631',
    kidContext: undefined,
    sealed: '44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e',
  },
  {
    name: 'C.5, a request of a sender with an ID',
    secret: SECOND,
    plain: '440171c30000b932396c6f63616c686f737483747631',
    kidContext: undefined,
    sealed: '440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379b0b8bc731fffb0',
  },
  {
    name: 'C.6, a request with an ID Context',
    secret: THIRD,
    plain: '44012f8eef9bbf7a396c6f63616c686f737483747631',
    kidContext: hex('37cbf3210017a2d3'),
    sealed: '44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3',
  },
])('$name', ({ secret, plain, kidContext, sealed }) => {
  const keys = deriveKeys(secret);
  const binding = { kid: keys.senderId, piv: pivOf(20) };

  it('is sealed as in the appendix', () => {
    const bytes = protectedOf(decodeMessage(hex(plain)), keys, { piv: binding.piv, kid: keys.senderId, kidContext }, binding);
    expect(text(bytes)).toBe(sealed);
  });

  it('is opened by the other side', () => {
    const outer = decodeMessage(hex(sealed));
    const { piv, kid, kidContext: told } = decodeOscoreOption(outer.options.find(({ number }) => number === OPTION.OSCORE)!.value);
    expect([piv, kid, told].map((each) => each && text(each))).toEqual(['14', text(keys.senderId), kidContext && text(kidContext)]);
    const inner = open(deriveKeys(swapped(secret)), outer.payload, { id: kid!, piv: piv! }, { kid: kid!, piv: piv! });
    const { code, options } = decodeMessage(hex(plain));
    const hidden = options.filter(({ number }) => !OUTER.includes(number));
    expect({ ...inner, options: inner.options.map(({ number, value }) => [number, text(value)]) }).toEqual({
      code,
      options: hidden.map(({ number, value }) => [number, text(value)]),
      payload: new Uint8Array(0),
    });
  });
});

/** C.7 and C.8: answers to C.4. */
it.each([
  ['C.7, with the number of the request', undefined, '64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106'],
  ['C.8, with one of its own', pivOf(0), '64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e'],
])('a response, %s', (_name, piv, sealed) => {
  const [client, server] = [deriveKeys(FIRST), deriveKeys(swapped(FIRST))];
  const binding = { kid: client.senderId, piv: pivOf(20) };
  const plain = decodeMessage(hex('64455d1f00003974ff48656c6c6f20576f726c6421'));
  expect(text(protectedOf(plain, server, { piv }, binding))).toBe(sealed);
  const nonce = piv ? { id: client.recipientId, piv } : { id: client.senderId, piv: binding.piv };
  const inner = open(client, decodeMessage(hex(sealed)).payload, nonce, binding);
  expect([inner.code, Buffer.from(inner.payload).toString()]).toEqual([0x45, 'Hello World!']);
});
