import { expect, it } from '@jest/globals';
import { Entropy } from '@drover/kernel';
import { CoapEndpoint, codeText, decodeMessage, readOptions } from './index.ts';

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

it('our own requests may carry conditions, Echo and Request-Tag', () => {
  const sent: Uint8Array[] = [];
  const endpoint = new CoapEndpoint((output) => void (output.type === 'datagram' && sent.push(output.bytes)), new FixedEntropy());
  const extras = { ifMatch: [Uint8Array.of(1, 2)], ifNoneMatch: true, echo: Uint8Array.of(3), requestTag: [Uint8Array.of(4)] } as const;
  endpoint.request('192.0.2.1:5683', { method: 'PUT', path: ['3'], ...extras }, 0);
  expect(readOptions(decodeMessage(sent[0]!)).options).toMatchObject(extras);
});
