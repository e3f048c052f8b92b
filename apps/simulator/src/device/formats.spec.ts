import { expect, it } from '@jest/globals';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { profileOf, type ProfileName } from '../profiles/profiles.ts';
import { formatOf } from './formats.ts';

const { TEXT, TLV, SENML_JSON, SENML_CBOR, LWM2M_CBOR } = CONTENT_FORMAT;

it.each<[ProfileName, 'one' | 'many', number | undefined, number | undefined]>([
  ['pull', 'one', undefined, TEXT],
  ['pull', 'many', undefined, SENML_CBOR],
  ['pull', 'many', TLV, TLV],
  ['pull', 'many', TEXT, undefined],
  ['pull', 'one', LWM2M_CBOR, undefined],
  ['sleeper-push', 'many', undefined, TLV],
  ['sleeper-push', 'many', SENML_JSON, undefined],
  ['tlv-only', 'one', undefined, TLV],
  ['tlv-only', 'one', TEXT, undefined],
  ['json-only', 'many', undefined, SENML_JSON],
  ['json-only', 'many', SENML_CBOR, undefined],
  ['json-only', 'one', undefined, TEXT],
  ['reads-tlv-notifies-text', 'one', undefined, TLV],
  ['reads-tlv-notifies-text', 'one', TEXT, TEXT],
])('%s answers %s values, asked for %p, in %p', (name, count, accept, expected) => {
  const { content, registration } = profileOf(name);
  const values = ['/3/0/0', '/3/0/1'].slice(0, count === 'one' ? 1 : 2).map((path) => ({ path, value: 'x' }));
  expect(formatOf(content, { registration, values, path: count === 'one' ? '/3/0/0' : '/3/0', accept })).toBe(expected);
});
