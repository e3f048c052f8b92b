import { expect, it } from '@jest/globals';
import { CONTENT_FORMAT, decodeContent, encodeContent, ObjectModels, operationRequest, type TypeOf } from './index.ts';

const { SENML_JSON, LWM2M_JSON, CBOR, TLV } = CONTENT_FORMAT;
const LARGEST = 18_446_744_073_709_551_615n;
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

it.each([
  [SENML_JSON, '[{"bn":"/9/0/1","v":18446744073709551615}]'],
  [LWM2M_JSON, '{"e":[{"n":"","v":18446744073709551615}]}'],
])('an integer beyond 2^53 keeps every digit in JSON: %d', (format, text) => {
  const unsigned: TypeOf = () => 'Unsigned';
  const written = textOf(encodeContent(format, [{ path: '/9/0/1', value: LARGEST }], '/9/0/1', unsigned));
  expect(written).toContain('18446744073709551615');
  expect(decodeContent(format, Buffer.from(text), '/9/0/1', unsigned)).toEqual([{ path: '/9/0/1', value: LARGEST }]);
});

it.each(['1.0e3', '-43.5', '9007199254740991', '1e30'])('other numbers are what JSON makes of them: %s', (number) => {
  const text = `[{"n":"/9/0/1","v":${number}}]`;
  expect(decodeContent(SENML_JSON, Buffer.from(text), '/9/0/1', () => 'Float')).toEqual([{ path: '/9/0/1', value: Number(number) }]);
});

it('a float that happens to be whole and large comes back as the same number', () => {
  const values = decodeContent(SENML_JSON, Buffer.from('[{"n":"/32800/0/1","v":220877862193633466.8}]'), '/32800/0/1');
  const again = decodeContent(SENML_JSON, encodeContent(SENML_JSON, values, '/32800/0/1'), '/32800/0/1');
  expect(again.map(({ value }) => BigInt(value as number | bigint))).toEqual([220_877_862_193_633_472n]);
});

it('a time goes out under tag 1 in CBOR, and comes in with the tag or without', () => {
  const time: TypeOf = () => 'Time';
  const tagged = encodeContent(CBOR, [{ path: '/3/0/13', value: 1_367_491_215 }], '/3/0/13', time);
  expect(Buffer.from(tagged).toString('hex')).toBe('c11a5182428f');
  for (const hex of ['c11a5182428f', '1a5182428f'])
    expect(decodeContent(CBOR, Buffer.from(hex, 'hex'), '/3/0/13', time)).toEqual([{ path: '/3/0/13', value: 1_367_491_215 }]);
});

it('one resource instance is a bare entry in TLV, and is understood within its resource too', () => {
  const integer: TypeOf = () => 'Integer';
  const path = '/32800/0/9/1';
  expect(Buffer.from(encodeContent(TLV, [{ path, value: 12 }], path, integer)).toString('hex')).toBe('41010c');
  for (const hex of ['41010c', '830941010c'])
    expect(decodeContent(TLV, Buffer.from(hex, 'hex'), path, integer)).toEqual([{ path, value: 12 }]);
});

it.each([
  [CONTENT_FORMAT.OPAQUE, CONTENT_FORMAT.OPAQUE],
  [CONTENT_FORMAT.TEXT, CONTENT_FORMAT.TEXT],
])('bytes may be asked for as they are, or as base64: %d', (preferred, accept) => {
  const device = { lwm2mVersion: '1.1', contentFormats: [], rootPath: '/', models: ObjectModels.with([]) } as const;
  expect(operationRequest({ type: 'read', path: '/10/0/8' }, device, { preferred: [preferred] })).toMatchObject({ accept });
});
