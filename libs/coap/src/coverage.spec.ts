import { describe, expect, it } from '@jest/globals';
import { Entropy, seededRandom } from '@drover/kernel';
import fc from 'fast-check';
import { CODE, CoapEndpoint, COVERAGE, decodeMessage, encodeMessage } from './index.ts';
import type { CoapOutput, Coverage, EndpointSettings } from './index.ts';

class SeededEntropy extends Entropy {
  readonly #next: () => number;
  constructor(seed: number) {
    super();
    this.#next = seededRandom(seed);
  }
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#next() * 256));
  }
}

const PEER = '192.0.2.1:5683';
const MAX_TRANSMIT_SPAN_MS = 145_000;
const NO_BYTES = new Uint8Array(0);

/** A peer that answers the copy of each request that it is told to, after a round trip that it is told. */
class Field {
  readonly endpoint: CoapEndpoint;
  readonly events: string[] = [];
  /** When each copy of the request under way left. */
  copies: { at: number; bytes: Uint8Array }[] = [];
  now = 0;

  constructor(settings: Partial<EndpointSettings> = {}, seed = 7) {
    this.endpoint = new CoapEndpoint((output) => this.#heard(output), new SeededEntropy(seed), settings);
  }

  #heard(output: CoapOutput): void {
    if (output.type === 'datagram') this.copies.push({ at: this.now, bytes: output.bytes });
    else this.events.push(output.type === 'failed' ? output.reason : output.type);
  }

  /** One request, until it is answered or given up. `late` is how long after they are due our timers fire. */
  exchange({ answered, rttMs, late = 0, ackTimeoutMs }: { answered?: number; rttMs: number; late?: number; ackTimeoutMs?: number }): void {
    this.copies = [];
    const before = this.events.length;
    this.endpoint.request(PEER, { method: 'GET', path: ['3'], ackTimeoutMs }, this.now);
    while (this.events.length === before) {
      const copy = this.copies[answered ?? Number.POSITIVE_INFINITY];
      const arrivesAt = copy === undefined ? Number.POSITIVE_INFINITY : copy.at + rttMs;
      const dueAt = (this.endpoint.nextTimerAt() ?? Number.POSITIVE_INFINITY) + late;
      this.now = Math.min(arrivesAt, dueAt);
      if (arrivesAt <= dueAt) this.#answer(copy!.bytes);
      else this.endpoint.advance(this.now);
    }
  }

  #answer(bytes: Uint8Array): void {
    const { messageId, token } = decodeMessage(bytes);
    const answer = encodeMessage({ type: 'ACK', code: CODE.CONTENT, messageId, token, options: [], payload: NO_BYTES });
    this.endpoint.receive(PEER, answer, this.now);
  }

  get spanMs(): number {
    return this.copies.at(-1)!.at - this.copies[0]!.at;
  }
}

const CLASSES = [0, 1, 2] as const;

describe.each([
  [0, 3000, 4],
  [1, 8000, 3],
  [2, 30_000, 2],
] as const)('in CE%d', (coverage, ackTimeoutMs, maxRetransmit) => {
  it(`starts at ${ackTimeoutMs} ms and repeats ${maxRetransmit} times`, () => {
    const field = new Field();
    field.endpoint.setCoverage(PEER, coverage, 0);
    expect(field.endpoint.timeoutOf(PEER)).toBe(ackTimeoutMs);
    field.exchange({ rttMs: 0 });
    expect(field.copies).toHaveLength(1 + maxRetransmit);
    const first = field.copies[1]!.at - field.copies[0]!.at;
    expect(first).toBeGreaterThanOrEqual(ackTimeoutMs);
    expect(first).toBeLessThan(ackTimeoutMs * 1.5);
    expect(field.events).toEqual(['timeout']);
  });

  it('keeps what it has measured until the coverage changes', () => {
    const field = new Field();
    field.endpoint.setCoverage(PEER, coverage, 0);
    field.exchange({ answered: 0, rttMs: 1000 });
    field.endpoint.setCoverage(PEER, coverage, field.now);
    expect(field.endpoint.timeoutOf(PEER)).toBe(3000);
    const other = ((coverage + 1) % 3) as Coverage;
    field.endpoint.setCoverage(PEER, other, field.now);
    expect(field.endpoint.timeoutOf(PEER)).toBe(COVERAGE[other].ackTimeoutMs);
  });

  it('spans no more than the standard allows, with the random factor at its largest', () => {
    expect(ackTimeoutMs * 1.5 * (2 ** maxRetransmit - 1)).toBeLessThanOrEqual(MAX_TRANSMIT_SPAN_MS);
  });
});

it('never sends a copy later than MAX_TRANSMIT_SPAN, whatever was measured, backed off, asked for or delayed', () => {
  const exchange = fc.record({
    coverage: fc.constantFrom(undefined, ...CLASSES),
    answered: fc.option(fc.nat(4), { nil: undefined }),
    rttMs: fc.nat(100_000),
    late: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(200_000) }),
    ackTimeoutMs: fc.option(fc.integer({ min: 1, max: 300_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 12 }), fc.nat(), (exchanges, seed) => {
      const field = new Field({}, seed);
      for (const { coverage, ...one } of exchanges) {
        if (coverage !== undefined) field.endpoint.setCoverage(PEER, coverage, field.now);
        field.exchange(one);
        expect(field.spanMs).toBeLessThanOrEqual(MAX_TRANSMIT_SPAN_MS);
        expect(field.copies.length).toBeLessThanOrEqual(5);
      }
    }),
    { numRuns: 300 },
  );
});

it('a separate response keeps to the class of its peer too', () => {
  const copies: number[] = [];
  let now = 0;
  const served = new CoapEndpoint((output) => {
    if (output.type === 'datagram') copies.push(now);
    if (output.type !== 'request') return;
    served.acknowledge(output.handle);
    served.respond(output.handle, { code: CODE.CONTENT }, now);
  }, new SeededEntropy(1));
  served.setCoverage(PEER, 2, 0);
  served.prove(PEER, 0);
  served.receive(PEER, encodeMessage({ type: 'CON', code: 1, messageId: 1, token: NO_BYTES, options: [], payload: NO_BYTES }), 0);
  for (let next = served.nextTimerAt(); next !== undefined && next < 200_000; next = served.nextTimerAt()) served.advance((now = next));
  expect(copies).toHaveLength(1 + 3);
  expect(copies.at(-1)! - copies[1]!).toBeGreaterThanOrEqual(90_000);
});

describe('a multicast address', () => {
  it('is never asked', () => {
    const field = new Field();
    const handle = field.endpoint.request('224.0.1.187:5683', { method: 'GET', path: ['3'] }, 0);
    field.endpoint.setCoverage('224.0.1.187:5683', 0, 0);
    expect([handle.peer, field.events, field.copies, field.endpoint.load.peers]).toEqual(['224.0.1.187:5683', ['multicast'], [], 0]);
  });
  it('is never answered', () => {
    const field = new Field();
    field.endpoint.receive('[ff02::fd]:5683', Uint8Array.of(0x40, 0, 0, 5), 0);
    field.endpoint.receive('192.0.2.1:5683', Uint8Array.of(0x40, 0, 0, 5), 0);
    expect(field.copies).toHaveLength(1);
  });
});
