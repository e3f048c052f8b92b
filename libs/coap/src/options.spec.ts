import { describe, expect, it } from '@jest/globals';
import { decodeBlock, encodeBlock, encodeUint, offsetOf, OPTION, readOptions, sizeOfSzx, szxOfSize, writeOptions } from './index.ts';
import type { CoapOptions } from './index.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const option = (number: number, hex: string): { number: number; value: Uint8Array } => ({ number, value: bytesOf(hex) });

describe('block', () => {
  it.each([
    ['', { num: 0, more: false, szx: 0 }],
    ['0d', { num: 0, more: true, szx: 5 }],
    ['1d', { num: 1, more: true, szx: 5 }],
    ['fff5', { num: 4095, more: false, szx: 5 }],
    ['010e', { num: 16, more: true, szx: 6 }],
    ['fffffe', { num: 1_048_575, more: true, szx: 6 }],
  ])('%s', (hex, block) => {
    expect(decodeBlock(bytesOf(hex))).toEqual(block);
    expect(Buffer.from(encodeBlock(block)).toString('hex')).toBe(hex);
  });
  it.each(['07', '0f', '00000000'])('%s is no block', (hex) => expect(decodeBlock(bytesOf(hex))).toBeUndefined());
  it('knows its sizes', () => {
    expect([0, 3, 6].map(sizeOfSzx)).toEqual([16, 128, 1024]);
    expect([16, 31, 512, 1024, 5000].map(szxOfSize)).toEqual([0, 0, 5, 6, 6]);
    expect(offsetOf({ num: 8, more: true, szx: 3 })).toBe(1024);
    expect(() => szxOfSize(15)).toThrow(expect.objectContaining({ code: 'COAP_BLOCK_SIZE' }));
    expect(() => encodeBlock({ num: 0x100000, more: false, szx: 6 })).toThrow(expect.objectContaining({ code: 'COAP_BLOCK_SIZE' }));
  });
});

it('reads back what it writes', () => {
  const options: CoapOptions = {
    uriHost: 'fw',
    uriPort: 5683,
    uriPath: ['rd', 'ü'],
    uriQuery: ['ep=a', 'Q'],
    locationPath: ['rd', '5a3f'],
    contentFormat: 0,
    accept: 11_542,
    observe: 0,
    maxAge: 60,
    etag: bytesOf('0102'),
    block1: { num: 3, more: true, szx: 2 },
    block2: { num: 0, more: false, szx: 6 },
    size1: 70_000,
    size2: 1,
    ifMatch: [bytesOf('0102'), bytesOf('')],
    ifNoneMatch: true,
    hopLimit: 16,
    proxyUri: `coap://${'x'.repeat(300)}`,
    proxyScheme: 'coap',
    echo: bytesOf('00112233'),
    noResponse: 26,
    requestTag: [bytesOf('07'), bytesOf('')],
  };
  const raw = writeOptions(options);
  expect(raw.map(({ number }) => number)).toEqual([...raw.map(({ number }) => number)].sort((a, b) => a - b));
  expect(readOptions({ options: raw })).toEqual({ options });
});

it.each([
  ['an unknown critical option', [option(9, '')], 9],
  ['an unknown elective option', [option(10, 'ffff')], undefined],
  ['Block1 of the reserved size', [option(OPTION.BLOCK1, '0f')], OPTION.BLOCK1],
  ['Block1 twice', [option(OPTION.BLOCK1, '06'), option(OPTION.BLOCK1, '06')], OPTION.BLOCK1],
  ['Accept of three bytes', [option(OPTION.ACCEPT, '000001')], OPTION.ACCEPT],
  ['Content-Format of three bytes, elective', [option(OPTION.CONTENT_FORMAT, '000001')], undefined],
  ['a path that is no UTF-8', [option(OPTION.URI_PATH, 'ff')], OPTION.URI_PATH],
  ['an empty Uri-Host', [option(OPTION.URI_HOST, '')], OPTION.URI_HOST],
  ['If-Match of nine bytes', [option(OPTION.IF_MATCH, '00'.repeat(9))], OPTION.IF_MATCH],
  ['If-None-Match with a value', [option(OPTION.IF_NONE_MATCH, '01')], OPTION.IF_NONE_MATCH],
  ['an empty Proxy-Uri', [option(OPTION.PROXY_URI, '')], OPTION.PROXY_URI],
  ['a Proxy-Uri of 1035 bytes', [option(OPTION.PROXY_URI, '61'.repeat(1035))], OPTION.PROXY_URI],
  ['a Proxy-Scheme twice', [option(OPTION.PROXY_SCHEME, '61'), option(OPTION.PROXY_SCHEME, '61')], OPTION.PROXY_SCHEME],
  ['elective ones out of range', [option(16, '00'), option(252, ''), option(258, '0001'), option(292, '00'.repeat(9))], undefined],
  ['a query of 256 bytes', [option(OPTION.URI_QUERY, '61'.repeat(256))], OPTION.URI_QUERY],
])('%s', (_, options, expected) => {
  expect(readOptions({ options }).badCritical).toBe(expected);
});

it('leaves elective options out of range aside', () => {
  const raw = [option(16, '00'), option(252, '00'.repeat(41)), option(258, '0001'), option(292, '00'.repeat(9))];
  expect(readOptions({ options: raw }).options).toEqual({ uriPath: [], uriQuery: [], locationPath: [] });
});

it('never makes one text of two different names', () => {
  const read = (hex: string): string | undefined => readOptions({ options: [option(OPTION.URI_QUERY, hex)] }).options.uriQuery[0];
  expect(read('efbbbf6570')).not.toBe(read('6570'));
});

it('writes uints as short as possible and refuses others', () => {
  expect([0, 255, 256, 65_536, 0xffffffff].map((value) => encodeUint(value).length)).toEqual([0, 1, 2, 3, 4]);
  expect(() => encodeUint(-1)).toThrow(expect.objectContaining({ code: 'COAP_OPTION_VALUE' }));
});
