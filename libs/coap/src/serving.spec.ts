import { expect, it } from '@jest/globals';
import { Entropy } from '@drover/kernel';
import { CODE, CoapEndpoint, codeText, decodeMessage, encodeMessage, readOptions, writeOptions } from './index.ts';

class FixedEntropy extends Entropy {
  bytes(count: number): Uint8Array {
    return new Uint8Array(count);
  }
}

it.each([
  ['Proxy-Uri', '40010005d11661', 'ACK 5.05 5'],
  ['Proxy-Scheme, twice the same is malformed', '40010005d11a610161', 'ACK 4.02 5'],
  ['Proxy-Scheme', '40010005d11a61', 'ACK 5.05 5'],
  ['If-Match', '4003000510', 'ACK 4.02 5'],
  ['If-None-Match', '4003000550', 'ACK 4.02 5'],
  ['If-None-Match, NON', '5003000550', undefined],
  ['Proxy-Uri, NON', '50010005d11661', 'NON 5.05 0'],
  ['Hop-Limit of 0', '40010005d10300', 'ACK 4.00 5'],
  ['Hop-Limit of two bytes', '40010005d2030101', 'ACK 4.00 5'],
  ['Hop-Limit of 1: we are where it was going', '40010005d10301', 'request'],
  ['Echo, No-Response and Request-Tag', '40010005d1ef07611ad11507', 'request'],
])('%s', (_, hex, expected) => {
  const said: string[] = [];
  const endpoint = new CoapEndpoint((output) => {
    if (output.type !== 'datagram') return void said.push(output.type);
    const { type, code, messageId } = decodeMessage(output.bytes);
    said.push(`${type} ${codeText(code)} ${messageId}`);
  }, new FixedEntropy());
  endpoint.receive('192.0.2.1:5683', Buffer.from(hex, 'hex'), 0);
  expect(said).toEqual(expected === undefined ? [] : [expected]);
});

/** GET with the No-Response option (258). */
const withNoResponse = (type: 'CON' | 'NON', noResponse: number): Uint8Array =>
  encodeMessage({ type, code: 1, messageId: 5, token: Uint8Array.of(7), options: writeOptions({ noResponse }), payload: new Uint8Array() });

it.each([
  ['CON', 2, CODE.CONTENT, ['ACK 0.00']],
  ['CON', 2, CODE.NOT_FOUND, ['ACK 4.04']],
  ['CON', 26, CODE.NOT_FOUND, ['ACK 0.00']],
  ['CON', 0, CODE.CONTENT, ['ACK 2.05']],
  ['NON', 2, CODE.CONTENT, []],
  ['NON', 8, CODE.CONTENT, ['NON 2.05']],
  ['NON', 24, CODE.INTERNAL, []],
] as const)('%s with No-Response %d, answered %d: %j (RFC 7967)', (type, noResponse, answer, expected) => {
  const said: string[] = [];
  const endpoint: CoapEndpoint = new CoapEndpoint((output) => {
    if (output.type === 'request') endpoint.respond(output.handle, { code: answer }, 0);
    if (output.type !== 'datagram') return;
    const message = decodeMessage(output.bytes);
    said.push(`${message.type} ${codeText(message.code)}`);
  }, new FixedEntropy());
  endpoint.receive('192.0.2.1:5683', withNoResponse(type, noResponse), 0);
  expect(said).toEqual(expected);
  endpoint.receive('192.0.2.1:5683', withNoResponse(type, noResponse), 10);
  expect(said).toEqual(type === 'CON' ? [...expected, ...expected] : expected);
});

it('our own requests may carry conditions, Echo and Request-Tag', () => {
  const sent: Uint8Array[] = [];
  const endpoint = new CoapEndpoint((output) => void (output.type === 'datagram' && sent.push(output.bytes)), new FixedEntropy());
  const extras = { ifMatch: [Uint8Array.of(1, 2)], ifNoneMatch: true, echo: Uint8Array.of(3), requestTag: [Uint8Array.of(4)] } as const;
  endpoint.request('192.0.2.1:5683', { method: 'PUT', path: ['3'], ...extras }, 0);
  expect(readOptions(decodeMessage(sent[0]!)).options).toMatchObject(extras);
});
