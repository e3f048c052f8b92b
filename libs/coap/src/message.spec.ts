import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { COAP_VECTORS } from '../../../test/golden/coap.ts';
import { codeOfText, CoapError, codeText, decodeMessage, encodeMessage, MAX_OPTIONS, peekHeader } from './index.ts';
import type { CoapMessage } from './index.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const outcomeOf = (bytes: Uint8Array): string => {
  try {
    decodeMessage(bytes);
    return 'message';
  } catch (error) {
    return error instanceof CoapError ? error.code : `crash: ${String(error)}`;
  }
};

describe.each(COAP_VECTORS)('$name', (vector) => {
  const bytes = bytesOf(vector.hex);

  it('decodes', () => {
    const message = decodeMessage(bytes);
    expect({ ...message, code: codeText(message.code), token: hexOf(message.token), payload: hexOf(message.payload) }).toMatchObject({
      type: vector.type,
      code: vector.code,
      messageId: vector.messageId,
      token: vector.token,
      payload: vector.payload,
    });
    expect(message.options.map(({ number, value }) => [number, hexOf(value)])).toEqual(vector.options);
  });

  it('encodes', () => {
    const message: CoapMessage = {
      type: vector.type,
      code: codeOfText(vector.code)!,
      messageId: vector.messageId,
      token: bytesOf(vector.token),
      options: vector.options.map(([number, value]) => ({ number, value: bytesOf(value) })),
      payload: bytesOf(vector.payload),
    };
    expect(hexOf(encodeMessage(message))).toBe(vector.hex);
  });

  it('refuses every prefix that is not a message of its own', () => {
    for (let length = 0; length < bytes.length; length++) {
      const outcome = outcomeOf(bytes.subarray(0, length));
      if (vector.whole.includes(length)) expect(outcome).toBe('message');
      else expect(outcome).toMatch(/^COAP_/);
    }
  });
});

it.each([
  ['', 'COAP_TRUNCATED'],
  ['400100', 'COAP_TRUNCATED'],
  ['80010001', 'COAP_VERSION'],
  ['00010001', 'COAP_VERSION'],
  ['49010001000000000000000000', 'COAP_TOKEN_LENGTH'],
  ['4f010001', 'COAP_TOKEN_LENGTH'],
  ['4401000101', 'COAP_TRUNCATED'],
  ['40200001', 'COAP_CODE'],
  ['40e00001', 'COAP_CODE'],
  ['4000000101', 'COAP_EMPTY_MESSAGE'],
  ['4100000101', 'COAP_EMPTY_MESSAGE'],
  ['40010001f0', 'COAP_OPTION_DELTA'],
  ['400100010f', 'COAP_OPTION_LENGTH'],
  ['40010001d0', 'COAP_TRUNCATED'],
  ['40010001e000', 'COAP_TRUNCATED'],
  ['40010001e0ffff', 'COAP_OPTION_DELTA'],
  ['40010001bb61', 'COAP_TRUNCATED'],
  ['40010001ff', 'COAP_EMPTY_PAYLOAD'],
  [`40010001${'00'.repeat(MAX_OPTIONS + 1)}`, 'COAP_OPTION_COUNT'],
])('%s is refused with %s', (hex, expected) => {
  expect(outcomeOf(bytesOf(hex))).toBe(expected);
});

it('never crashes on random bytes, and what it accepts it writes back unless it was padded', () => {
  const datagram = fc.uint8Array({ maxLength: 200 }).map((bytes) => {
    if (bytes.length > 0) bytes[0] = 0x40 | (bytes[0]! & 0x38); // Past the version check, with a legal token length.
    return bytes;
  });
  fc.assert(
    fc.property(datagram, (bytes) => {
      const outcome = outcomeOf(bytes);
      expect(outcome).toMatch(/^(message|COAP_[A-Z_]+)$/);
      if (outcome === 'message') expect(decodeMessage(encodeMessage(decodeMessage(bytes)))).toEqual(decodeMessage(bytes));
    }),
    { numRuns: 2000 },
  );
});

it('peeks at a malformed message', () => {
  expect(peekHeader(bytesOf('40010203f0'))).toEqual({ type: 'CON', messageId: 0x0203 });
  expect(peekHeader(bytesOf('80010203'))).toBeUndefined();
});
