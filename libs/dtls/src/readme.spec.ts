import { expect, it } from '@jest/globals';
import { DtlsBench, SeededEntropy, TestTrust } from '@drover/testkit';
import { DtlsServer, type DtlsOutput } from './index.ts';

it('the example of the README', () => {
  const [entropy, trust] = [new SeededEntropy(), new TestTrust()];
  const said: DtlsOutput[] = [];
  const now = 0;
  const client = new DtlsBench();
  client.meddle = () => [];

  const server = new DtlsServer({ sink: (output) => said.push(output), entropy, trust });
  const hear = (): void => {
    for (const { bytes: datagram } of client.said('client', 'datagram').slice(-1)) server.receive('192.0.2.1:49152', datagram, now);
  };
  client.connect();
  hear();
  client.client.receive((said[0] as { bytes: Buffer }).bytes, now);
  hear();
  server.advance(server.nextTimerAt()!); // nothing came back: our flight again

  // A question for the cookie, and the flight twice.
  expect(said.map(({ type }) => type)).toEqual(['datagram', 'datagram', 'datagram']);
});
