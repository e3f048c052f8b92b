import { expect, it } from '@jest/globals';
import { Entropy, seededRandom } from '@drover/kernel';
import { CODE, CoapEndpoint } from './index.ts';

class SeededEntropy extends Entropy {
  readonly #next = seededRandom(7);
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#next() * 256));
  }
}

const PEER = '192.0.2.1:5683';

it('pushes 1 MiB through 1 % loss: every block arrives once, in order', () => {
  const random = seededRandom(42);
  let now = 1000;
  let received = -1;
  const device = new CoapEndpoint((output) => {
    if (output.type === 'datagram') return void wire.push({ to: 'server', bytes: output.bytes });
    if (output.type !== 'request') return;
    expect(output.request.options.block1!.num).toBe(received + 1);
    received += 1;
    device.respond(output.handle, { code: CODE.CONTINUE, options: { block1: output.request.options.block1 } }, now);
  }, new SeededEntropy());
  const wire: { to: string; bytes: Uint8Array }[] = [];
  const push = (num: number): unknown =>
    endpoint.request(
      PEER,
      { method: 'PUT', path: ['5', '0', '0'], block1: { num, more: true, szx: 6 }, payload: new Uint8Array(1024) },
      now,
    );
  const endpoint = new CoapEndpoint((output) => {
    if (output.type === 'datagram') wire.push({ to: 'device', bytes: output.bytes });
    else if (output.type === 'response' && received < 1023) push(received + 1);
    else expect(output.type).toBe('response');
  }, new SeededEntropy());

  push(0);
  const start = now;
  while (received < 1023) {
    const packet = wire.shift();
    if (packet === undefined) endpoint.advance((now = endpoint.nextTimerAt()!));
    else if (random() >= 0.01) {
      now += 20;
      if (packet.to === 'device') device.receive('server', packet.bytes, now);
      else endpoint.receive(PEER, packet.bytes, now);
    }
  }
  expect(now - start).toBeLessThan(120_000);
});
