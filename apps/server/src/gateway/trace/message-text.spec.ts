import { describe, expect, it } from '@jest/globals';
import { CODE, code, decodeMessage, encodeMessage, OPTION, SIGNAL, writeOptions, type CoapOptions, type MessageType } from '@drover/coap';
import { messageText } from './message-text.ts';

const NO_BYTES = new Uint8Array(0);
const line = (type: MessageType, anyCode: number, options: Partial<CoapOptions> = {}, payload = ''): string =>
  messageText(
    decodeMessage(
      encodeMessage({
        type,
        code: anyCode,
        messageId: 4711,
        token: Uint8Array.of(0xa1, 2),
        options: writeOptions(options),
        payload: Buffer.from(payload),
      }),
    ),
  );

it.each<[string, string]>([
  [
    line('CON', 2, { uriPath: ['rd'], uriQuery: ['ep=meter', 'lt=300'], contentFormat: 40 }, '</3/0>'),
    'CON 0.02 POST mid 4711 token a102 Uri-Path /rd Content-Format 40 Uri-Query "ep=meter" Uri-Query "lt=300" payload 6 bytes',
  ],
  [line('CON', 1, { uriPath: ['3', '0'], accept: 112, observe: 0 }), 'CON 0.01 GET mid 4711 token a102 Uri-Path /3/0 Observe 0 Accept 112'],
  [
    line('CON', 3, { uriPath: ['5', '0', '0'], block1: { num: 3, more: true, szx: 5 }, size1: 2048 }, 'x'.repeat(512)),
    'CON 0.03 PUT mid 4711 token a102 Uri-Path /5/0/0 Block1 3/1/512 Size1 2048 payload 512 bytes',
  ],
  [
    line('ACK', CODE.CONTENT, { etag: Uint8Array.of(1, 255), block2: { num: 0, more: false, szx: 6 }, contentFormat: 42 }, 'secret'),
    'ACK 2.05 mid 4711 token a102 ETag 01ff Content-Format 42 Block2 0/0/1024 payload 6 bytes',
  ],
  [line('ACK', CODE.SERVICE_UNAVAILABLE, { maxAge: 60 }), 'ACK 5.03 mid 4711 token a102 Max-Age 60'],
  [line('NON', CODE.CONTENT, { observe: 12 }), 'NON 2.05 mid 4711 token a102 Observe 12'],
])('%#: %s', (shown, expected) => {
  expect(shown).toBe(expected);
});

describe('messages without content', () => {
  it.each([
    ['ACK', 'ACK empty mid 7'],
    ['RST', 'RST empty mid 7'],
    ['CON', 'CON ping mid 7'],
  ] as const)('%s', (type, expected) => {
    expect(messageText({ type, code: 0, messageId: 7, token: NO_BYTES, options: [], payload: NO_BYTES })).toBe(expected);
  });

  it('signalling of a stream, where the option numbers mean something else', () => {
    const options = [
      { number: 2, value: Uint8Array.of(4, 0) },
      { number: 4, value: NO_BYTES },
    ];
    expect(messageText({ code: SIGNAL.CSM, token: NO_BYTES, options, payload: NO_BYTES })).toBe('7.01 CSM option 2 1024 option 4');
  });
});

describe('secrets', () => {
  it.each<[string, Partial<CoapOptions>, string]>([
    ['the token of a pull', { uriPath: ['fw', 'AbCdEfGhIjKl'] }, 'Uri-Path /fw/AbCd…'],
    ['the location of a registration', { uriPath: ['rd', 'QwErTyUi'] }, 'Uri-Path /rd/QwEr…'],
    ['the location that was given', { locationPath: ['rd', 'QwErTyUi'] }, 'Location-Path /rd/QwEr…'],
    ['an Echo value', { echo: Buffer.from('0123456789ab') }, 'Echo (12 bytes)'],
  ])('%s is not shown as a whole', (_name, options, expected) => {
    const shown = line('ACK', CODE.CREATED, options);
    expect(shown).toContain(expected);
    expect(shown).not.toMatch(/EfGh|TyUi|3031/);
  });

  it('a payload is never shown, whatever its format', () => {
    for (const contentFormat of [0, 42, 112, 11_542]) expect(line('CON', 3, { contentFormat }, 'k3y')).not.toContain('k3y');
  });
});

describe('what a stranger sends', () => {
  it('unknown options are numbers and lengths', () => {
    const options = [{ number: 65_001, value: Buffer.from('evil') }];
    expect(messageText({ type: 'CON', code: 1, messageId: 1, token: NO_BYTES, options, payload: NO_BYTES })).toBe(
      'CON 0.01 GET mid 1 option 65001 (4 bytes)',
    );
  });

  it.each([
    ['a block of eight bytes', OPTION.BLOCK1, Buffer.alloc(8), 'Block1 (8 bytes, malformed)'],
    ['a number of nine bytes', OPTION.OBSERVE, Buffer.alloc(9), 'Observe (9 bytes)'],
    ['a BERT block', OPTION.BLOCK1, Uint8Array.of(0x1f), 'Block1 1/1/BERT'],
  ])('%s', (_name, number, value, expected) => {
    expect(messageText({ type: 'CON', code: 1, messageId: 1, token: NO_BYTES, options: [{ number, value }], payload: NO_BYTES })).toContain(
      expected,
    );
  });

  it('long lines end', () => {
    const uriQuery = Array.from({ length: 40 }, () => 'q'.repeat(250));
    expect(line('CON', 1, { uriQuery }).length).toBeLessThanOrEqual(601);
    expect(line('CON', code(2, 12)).includes('2.12')).toBe(true);
  });
});
