import { expect, it } from '@jest/globals';
import { Entropy } from '@drover/kernel';
import { CoapEndpoint } from './index.ts';
import type { CoapOutput } from './index.ts';

it('the example of the README', () => {
  const entropy = new (class extends Entropy {
    bytes = (count: number): Uint8Array => new Uint8Array(count).fill(5);
  })();
  const outputs: CoapOutput[] = [];
  const now = 0;

  const endpoint = new CoapEndpoint((output) => outputs.push(output), entropy);
  endpoint.request('192.0.2.1:5683', { method: 'GET', path: ['3', '0', '3'] }, now);
  endpoint.advance(endpoint.nextTimerAt()!); // nothing came back: the same datagram again

  expect(outputs).toHaveLength(2);
  expect(outputs[0]).toEqual(outputs[1]);
});
