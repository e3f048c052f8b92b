import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { HOUR, instantOf, plus, type Json } from '@drover/kernel';
import { NetworkHints } from '@drover/schedule';
import { hintSourcesOf } from './sources.ts';

const NOW = instantOf('2026-12-01T12:00:00Z');
const CARRIER = '262-1/2A/NB-IoT';

/** Stands for a network: a calendar that somebody keeps, and an exposure function with one subscription (3GPP TS 29.122). */
let server: Server;
let base: string;
let answers: Record<string, { status?: number; body: Json | string }>;

beforeEach(async () => {
  answers = {};
  server = createServer(({ url = '' }, response) => {
    const { status = 200, body } = answers[url] ?? { status: 404, body: {} };
    response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const NOTHING = {
  networkCalendar: undefined,
  backgroundTransfer: undefined,
  backgroundTransferOperator: '',
  backgroundTransferOutside: 0.1,
};
const clock = { now: () => NOW };

async function sharesBy(config: Partial<Parameters<typeof hintSourcesOf>[0]>): Promise<(hour: number, carrier?: string) => number> {
  const hints = new NetworkHints();
  for (const source of hintSourcesOf({ ...NOTHING, ...config }, clock)) hints.put(source.name, await source.read());
  return (hour, carrier = CARRIER) => hints.shareAt(carrier, plus(instantOf('2026-12-01'), hour * HOUR));
}

it('asks nobody where nobody was named', () => {
  expect(hintSourcesOf(NOTHING, clock)).toEqual([]);
});

it('reads a calendar', async () => {
  answers['/hints.json'] = {
    body: { hints: [{ operator: '262-1', from: '2026-12-01T18:00:00Z', until: '2026-12-01T22:00:00Z', share: 0.2, text: 'readings' }] },
  };
  const share = await sharesBy({ networkCalendar: `${base}/hints.json` });
  expect([share(17), share(20), share(20, '262-2/2A/NB-IoT')]).toEqual([1, 0.2, 1]);
});

describe('a subscription for background data', () => {
  const policy = (bdtPolicyId: number, from: string, until: string) => ({
    bdtPolicyId,
    ratingGroup: 1,
    timeWindow: { startTime: `2026-12-02T${from}:00Z`, stopTime: `2026-12-02T${until}:00Z` },
  });
  const subscription = {
    volumePerUE: { totalVolume: 300_000 },
    numberOfUEs: 1000,
    desiredTimeWindow: { startTime: '2026-12-01T00:00:00Z', stopTime: '2026-12-03T00:00:00Z' },
    transferPolicies: [policy(1, '01:00', '03:00'), policy(2, '02:00', '05:00')],
    selectedPolicy: 2,
  };
  const config = () => ({ backgroundTransfer: `${base}/3gpp-bdt/v1/drover/subscriptions/7`, backgroundTransferOperator: '262-1' });

  it('leaves the selected window as it is, and little of the rest', async () => {
    answers['/3gpp-bdt/v1/drover/subscriptions/7'] = { body: subscription };
    const share = await sharesBy(config());
    expect([13, 25.5, 26, 28.9, 29, 400].map((hour) => share(hour))).toEqual([0.1, 0.1, 1, 1, 0.1, 0.1]);
    expect(share(13, '262-2/2A/NB-IoT')).toBe(1);
  });

  it('takes all windows that were offered where none was selected yet', async () => {
    answers['/3gpp-bdt/v1/drover/subscriptions/7'] = { body: { ...subscription, selectedPolicy: undefined } as unknown as Json };
    const share = await sharesBy(config());
    expect([24, 25, 28, 29].map((hour) => share(hour))).toEqual([0.1, 1, 1, 0.1]);
  });

  it('needs to be told whose network it is', () => {
    expect(() => hintSourcesOf({ ...NOTHING, ...config(), backgroundTransferOperator: 'Telekom' }, clock)).toThrow('MCC-MNC');
  });
});

it.each<[string, { status?: number; body: Json | string }, string]>([
  ['a server that is out of order', { status: 503, body: {} }, 'HINTS_UNREACHABLE'],
  ['no JSON', { body: '<html>' }, 'HINTS_UNREACHABLE'],
  ['no feed', { body: { hints: 7 } }, 'HINTS_INVALID'],
  ['more than anybody should send', { body: `"${'x'.repeat(9 << 20)}"` }, 'HINTS_UNREACHABLE'],
])('%s is an error with a code', async (_what, answer, code) => {
  answers['/x'] = answer;
  const [source] = hintSourcesOf({ ...NOTHING, networkCalendar: `${base}/x` }, clock);
  await expect(source?.read()).rejects.toMatchObject({ code });
});
