import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { HTTP_STATUS_OF, type ErrorKind, type Json } from '@drover/kernel';
import type { CampaignView, ForecastView, PlanView } from '@drover/contracts';
import { aRelease } from '@drover/testkit';
import { api, startServer, uploadImage, type TestServer } from '../support/server.ts';

/** Bad requests against the real program: each is answered in the one shape, and the server goes on. */

const ROLES = ['viewer', 'operator', 'approver', 'auditor'] as const;
type Role = (typeof ROLES)[number];

let server: TestServer;
const secretOf = {} as Record<Role, string>;
const idOf = {} as Record<Role, string>;

beforeAll(async () => {
  server = await startServer();
  for (const role of ROLES) {
    const { body } = await api<{ id: string; secret: string }>(server, 'POST', '/tokens', { name: `a-${role}`, role });
    secretOf[role] = body.secret;
    idOf[role] = body.id;
  }
}, 30_000);

afterAll(() => server?.stop());

afterEach(async () => {
  expect(await api(server, 'GET', '/health', undefined, '')).toMatchObject({ status: 200, body: { status: 'ok' } });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The one shape: nothing beside `error`, a code in capitals, and the status that goes with the kind. */
function expectRefusal({ status, body }: Answer, wanted: number, code: string): void {
  expect(body).toEqual({ error: expect.objectContaining({ code, kind: expect.any(String), message: expect.stringMatching(/./) }) });
  expect(status).toBe(wanted);
  const { kind } = (body as { error: { kind: ErrorKind } }).error;
  expect(kind === 'denied' ? [401, 403] : kind === 'input' ? [400, 408, 413, 414, 415, 431] : [HTTP_STATUS_OF[kind]]).toContain(status);
}

async function send(method: string, path: string, body: string | Uint8Array, type = 'application/json'): Promise<Answer> {
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': type };
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers,
    body: typeof body === 'string' ? body : Buffer.from(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Bytes as they are, read until the server hangs up. */
function sendRaw(bytes: string): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (/\r\n\r\n.*\}$/s.test(answer)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      resolve({ status: Number(answer.slice(9, 12)), body: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) });
    });
  });
}

const head = (...lines: string[]): string =>
  [`POST /api/v1/plan HTTP/1.1`, 'Host: x', `Authorization: Bearer ${server.token}`, ...lines, '', ''].join('\r\n');

describe('who may', () => {
  it.each([
    ['no token', ''],
    ['a wrong token', `drv_${'A'.repeat(43)}`],
    ['a token of noise', '\u007e!'.repeat(60)],
  ])('refuses %s', async (_name, token) => {
    expectRefusal(await api(server, 'GET', '/campaigns', undefined, token), 401, 'TOKEN_INVALID');
  });

  it.each<[Role, string, string, unknown]>([
    ['viewer', 'POST', '/apply', { documents: [] }],
    ['viewer', 'POST', '/firmware/images', undefined],
    ['viewer', 'POST', '/devices/import', { devices: [] }],
    ['viewer', 'POST', '/holds', { scope: 'fleet', reason: 'r' }],
    ['viewer', 'GET', '/audit', undefined],
    ['viewer', 'GET', '/tokens', undefined],
    ['operator', 'POST', '/campaigns/c/approvals', {}],
    ['operator', 'POST', '/tokens', { name: 'me', role: 'administrator' }],
    ['operator', 'GET', '/campaigns/c/evidence', undefined],
    ['approver', 'POST', '/apply', { documents: [] }],
    ['approver', 'POST', '/campaigns/c/promote', { reason: 'r' }],
    ['auditor', 'POST', '/holds/h/lift', { reason: 'r' }],
    ['viewer', 'POST', '/devices/d/changes', { operation: 'delete', path: '/1/1' }],
    ['approver', 'POST', '/devices/d/changes', { operation: 'execute', path: '/3/0/4' }],
    ['auditor', 'POST', '/firmware/withdraw', {}],
    ['viewer', 'POST', '/devices/d/retry', { campaign: 'c', reason: 'r' }],
    ['approver', 'POST', '/devices/d/skip', { campaign: 'c', reason: 'r' }],
    ['viewer', 'POST', '/devices/d/release', { reason: 'r' }],
    ['approver', 'POST', '/campaigns/c/rollback', { reason: 'r' }],
  ])('%s may not %s %s', async (role, method, path, body) => {
    expectRefusal(await api(server, method, path, body, secretOf[role]), 403, 'NOT_PERMITTED');
  });

  it('refuses a token from the moment it is revoked', async () => {
    const { body } = await api<{ id: string; secret: string }>(server, 'POST', '/tokens', { name: 'short-lived', role: 'viewer' });
    expect((await api(server, 'GET', '/campaigns', undefined, body.secret)).status).toBe(200);
    await api(server, 'POST', `/tokens/${body.id}/revoke`);
    expectRefusal(await api(server, 'GET', '/campaigns', undefined, body.secret), 401, 'TOKEN_INVALID');
  });

  it('writes the refused into the audit log', async () => {
    const { body } = await api<{ type: string; actor: { id: string }; details: { what: string } }[]>(server, 'GET', '/audit?limit=1000');
    const denied = body.filter(({ type }) => type === 'access-denied').map(({ actor, details }) => `${actor.id} ${details.what}`);
    expect(denied).toContain('unknown GET /api/v1/campaigns');
    expect(denied).toContain('a-viewer POST /api/v1/apply');
    expect(denied).toContain('a-operator POST /api/v1/tokens');
  });
});

describe('bodies', () => {
  const deepList = `{"documents":[{"kind":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`;
  const wideMapping = JSON.stringify({ documents: [Object.fromEntries(Array.from({ length: 600_000 }, (_, index) => [`k${index}`, 1]))] });
  const deepMapping = `{"documents":[{"kind":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}]}`;

  it.each<[name: string, path: string, body: string]>([
    ['broken JSON', '/plan', '{"documents": ['],
    ['an empty body', '/plan', ''],
    ['null', '/plan', 'null'],
    ['a list', '/plan', '[]'],
    ['an unknown member', '/plan', '{"documents": [], "dryRun": true}'],
    ['text for a list', '/plan', '{"documents": "all"}'],
    ['numbers for documents', '/plan', '{"documents": [1, null, []]}'],
    ['an attack on the prototype', '/plan', '{"documents": [], "__proto__": {"isAdmin": true}}'],
    ['lists nested a hundred thousand deep', '/plan', deepList],
    ['mappings nested a hundred thousand deep', '/plan', deepMapping],
    ['a mapping of six hundred thousand members', '/plan', wideMapping],
    ['a digest with a path in it', '/firmware', '{"envelope": "AAAA", "digest": "sha256:../../etc/passwd"}'],
    ['a role that nobody has', '/tokens', '{"name": "x", "role": "root"}'],
    ['a name with a line feed', '/tokens', '{"name": "x\\nadmin", "role": "viewer"}'],
    ['a hold on a planet', '/holds', '{"scope": "planet", "reason": "r"}'],
    ['a reason without words', '/campaigns/c/abort', '{"reason": ""}'],
    ['a reason of a book', '/campaigns/c/abort', JSON.stringify({ reason: 'x'.repeat(501) })],
    ['a rollback to no version', '/campaigns/c/rollback', '{"reason": "r", "version": ""}'],
    ['a rollback without a reason', '/campaigns/c/rollback', '{"version": "1.0.0"}'],
    ['a forecast of a million runs', '/campaigns/c/forecast', '{"runs": 1000000}'],
    ['a forecast of no run', '/campaigns/c/forecast', '{"runs": 0}'],
    ['a seed that is no whole number', '/campaigns/c/forecast', '{"seed": 1.5}'],
    ['a delta image of nothing', '/campaigns/c/forecast', '{"deltaBytes": 0}'],
    ['a forecast of something else', '/campaigns/c/forecast', '{"until": "friday"}'],
    ['a forecast of no documents', '/plan/forecast', '{"runs": 1}'],
    ['a forecast of a mapping of six hundred thousand members', '/plan/forecast', wideMapping],
    ['a retry in no campaign', '/devices/d/retry', '{"reason": "r"}'],
    ['labels that are numbers', '/devices/import', '{"devices": [{"endpoint": "d", "labels": {"a": 1}}]}'],
    ['a device that is a list', '/devices/import', '{"devices": [[]]}'],
    ['a time zone of Middle-earth', '/devices/import', '{"devices": [{"endpoint": "d", "labels": {}, "timeZone": "Shire/Hobbiton"}]}'],
    ['a question that changes', '/devices/d/inquiries', '{"operation": "delete", "path": "/1/1"}'],
    ['a change that asks', '/devices/d/changes', '{"operation": "read", "path": "/1/1"}'],
    ['a question about nothing', '/devices/d/inquiries', '{"operation": "read"}'],
    ['a path with a way out', '/devices/d/inquiries', '{"operation": "read", "path": "/3/../0"}'],
    ['a path of five', '/devices/d/inquiries', '{"operation": "read", "path": "/3/0/0/0/0"}'],
    ['a path and a list', '/devices/d/inquiries', '{"operation": "read", "path": "/3", "paths": ["/4"]}'],
    ['a list without end', '/devices/d/inquiries', JSON.stringify({ operation: 'read', paths: Array(51).fill('/3') })],
    ['a wait for ever', '/devices/d/inquiries', '{"operation": "read", "path": "/3", "waitSeconds": 1e300}'],
    ['a value that is a mapping', '/devices/d/changes', '{"operation": "write", "path": "/1/0/1", "value": {}}'],
    ['a value of a book', '/devices/d/changes', JSON.stringify({ operation: 'write', path: '/3/0/14', value: 'x'.repeat(65_537) })],
    ['an attribute nobody knows', '/devices/d/changes', '{"operation": "write-attributes", "path": "/3", "attributes": {"often": 1}}'],
    [
      'attributes from the prototype',
      '/devices/d/changes',
      '{"operation": "write-attributes", "path": "/3", "attributes": {"__proto__": {"pmin": 1}}}',
    ],
    [
      'values nested a hundred thousand deep',
      '/devices/d/changes',
      `{"operation": "replace", "path": "/1/0", "data": ${'{"1":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    ],
  ])('refuses %s', async (_name, path, body) => {
    expectRefusal(await send('POST', path, body), 400, 'REQUEST_INVALID');
  });

  it.each<[name: string, path: string, body: unknown, code: string]>([
    ['an endpoint with a control character', '/devices/import', { devices: [{ endpoint: 'd\u0000', labels: {} }] }, 'ENDPOINT_INVALID'],
    ['a hold until soon', '/holds', { scope: 'fleet', reason: 'r', until: 'soon' }, 'TIME_INVALID'],
    ['a hold on no campaign', '/holds', { scope: 'campaign', reason: 'r' }, 'HOLD_INVALID'],
    ['a bad campaign', '/plan', { documents: [{ kind: 'Campaign' }, { kind: 'Calendar' }] }, 'SPEC_INVALID'],
    ['a forecast of nothing', '/plan/forecast', { documents: [] }, 'FORECAST_OF_ONE'],
    ['a forecast of a bad campaign', '/plan/forecast', { documents: [{ kind: 'Campaign' }] }, 'SPEC_INVALID'],
    ['an image as JSON', '/firmware/images', {}, 'MEDIA_TYPE_UNSUPPORTED'],
  ])('refuses %s', async (_name, path, body, code) => {
    expectRefusal(await api(server, 'POST', path, body), 400, code);
  });

  it.each(['/plan', '/campaigns/c/forecast'])('refuses a body for %s that is too large before it is read', async (path) => {
    const large = head('Content-Type: application/json', `Content-Length: ${17 * 1024 * 1024}`).replace('/plan', path);
    expectRefusal(await sendRaw(large), 413, 'REQUEST_TOO_LARGE');
  });

  it.each(['application/yaml', 'application/octet-stream', 'multipart/form-data; boundary=x'])('refuses documents as %s', async (type) => {
    expectRefusal(await send('POST', '/plan', 'a: 1', type), 415, 'MEDIA_TYPE_UNSUPPORTED');
  });

  it.each<[name: string, bytes: () => string, status: number]>([
    ['TLS', () => '\u0016\u0003\u0001\u0002\r\n\r\n', 400],
    ['a length below nothing', () => head('Content-Length: -5'), 400],
    ['two lengths (smuggling)', () => head('Content-Length: 5', 'Transfer-Encoding: chunked'), 400],
    ['a header without end', () => head(`X-Long: ${'x'.repeat(20_000)}`), 431],
  ])('answers %s', async (_name, bytes, status) => {
    expectRefusal(await sendRaw(bytes()), status, status === 431 ? 'REQUEST_TOO_LARGE' : 'REQUEST_INVALID');
  });
});

describe('addresses', () => {
  it.each<[method: string, path: string, status: number, code: string]>([
    ['GET', '/campaigns/..%2f..%2fetc%2fpasswd', 404, 'CAMPAIGN_NOT_FOUND'],
    ['GET', '/devices/..%2f..%2fetc%2fpasswd', 404, 'DEVICE_NOT_FOUND'],
    ['GET', '/devices/a%00b/why', 404, 'DEVICE_NOT_FOUND'],
    ['GET', '/devices/%zz', 400, 'REQUEST_INVALID'],
    ['GET', '/devices/%ff', 400, 'REQUEST_INVALID'],
    ['GET', `/devices/${'x'.repeat(2000)}`, 414, 'REQUEST_TOO_LARGE'],
    ['GET', '/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['DELETE', '/campaigns', 404, 'ROUTE_NOT_FOUND'],
    ['PUT', '/campaigns/c', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/devices?limit=1000000', 400, 'REQUEST_INVALID'],
    ['GET', '/devices?limit=-1', 400, 'REQUEST_INVALID'],
    ['GET', '/devices?offset=1e300', 400, 'REQUEST_INVALID'],
    ['GET', '/devices?sort=endpoint', 400, 'REQUEST_INVALID'],
    ['GET', '/devices?where=model%20%3D', 400, 'PREDICATE_SYNTAX'],
    ['GET', '/devices?where=true&where=true', 400, 'REQUEST_INVALID'],
    ['GET', '/firmware?namespace=..%2fother', 400, 'NAME_INVALID'],
    ['GET', '/campaigns?namespace=a&namespace=b', 400, 'NAME_INVALID'],
    ['GET', '/campaigns/none/evidence', 404, 'CAMPAIGN_NOT_FOUND'],
    ['GET', '/devices/suspects?campaign=none', 404, 'CAMPAIGN_NOT_FOUND'],
    ['GET', '/devices/suspects?limit=5000', 400, 'REQUEST_INVALID'],
    ['GET', '/campaigns/none/forecast', 404, 'CAMPAIGN_NOT_FOUND'],
    ['GET', '/forecasts/none', 404, 'FORECAST_NOT_FOUND'],
    ['GET', '/forecasts/none?waitSeconds=1e9', 400, 'REQUEST_INVALID'],
    ['POST', '/forecasts/none/cancel', 404, 'FORECAST_NOT_FOUND'],
    ['GET', '/cells?limit=0', 400, 'REQUEST_INVALID'],
    ['POST', '/network/reports/262-1', 400, 'REQUEST_INVALID'],
    ['POST', '/network/reports/x', 400, 'OPERATOR_INVALID'],
    ['GET', '/cells?hot=maybe', 400, 'REQUEST_INVALID'],
    ['POST', '/campaigns/none/rollback', 404, 'CAMPAIGN_NOT_FOUND'],
    ['POST', '/devices/none/release', 404, 'DEVICE_NOT_FOUND'],
    ['POST', '/holds/none/lift', 404, 'HOLD_NOT_FOUND'],
    ['POST', '/tokens/none/revoke', 404, 'TOKEN_NOT_FOUND'],
    ['POST', '/campaigns/none/explode', 404, 'CAMPAIGN_NOT_FOUND'],
  ])('%s %s', async (method, path, status, code) => {
    expectRefusal(await api(server, method, path, method === 'POST' ? { reason: 'r' } : undefined), status, code);
  });
});

describe('images', () => {
  const stored = (): string[] => {
    const folder = join(server.data, 'firmware');
    return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  };

  it('refuses an image of no bytes and keeps nothing of it', async () => {
    expectRefusal(await uploadImage(server, Buffer.alloc(0)), 400, 'IMAGE_EMPTY');
    expect(stored()).toEqual([]);
  });

  it('keeps nothing of an upload that stops midway', async () => {
    const { hostname, port } = new URL(server.url);
    const lines = ['POST /api/v1/firmware/images HTTP/1.1', 'Host: x', `Authorization: Bearer ${server.token}`];
    const start = [...lines, 'Content-Type: application/octet-stream', 'Content-Length: 1000000', '', 'x'.repeat(400_000)].join('\r\n');
    const socket = connect(Number(port), hostname);
    await new Promise((resolve) => socket.write(start, resolve));
    const partial = async (isThere: boolean): Promise<void> => {
      for (let wait = 0; stored().length > 0 !== isThere; wait++) {
        if (wait > 200) throw new Error(`stored: ${stored().join(', ') || 'nothing'}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await partial(true);
    socket.destroy();
    await partial(false);
  });

  it('refuses an envelope of garbage, and the image does not stay', async () => {
    const { body } = await uploadImage(server, Buffer.from('an image'));
    const push = { envelope: Buffer.alloc(300, 0xa5).toString('base64'), digest: body.digest };
    expectRefusal(await api(server, 'POST', '/firmware', push), 404, 'POLICY_NOT_FOUND');
    expectRefusal(await api(server, 'POST', '/firmware', push), 404, 'ARTIFACT_NOT_FOUND');
    expect(stored()).toEqual([]);
  });
});

describe('campaigns', () => {
  const release = aRelease(Buffer.alloc(2048, 7), { models: ['*'] });
  /** Each campaign has a device of its own, so that none is in the hands of another. */
  const campaign = (name: string, spec: Record<string, Json> = {}): Json => ({
    apiVersion: 'drover/v1',
    kind: 'Campaign',
    metadata: { name },
    spec: {
      firmware: { name: 'fw', version: '2.0.0' },
      targets: { where: `labels["for"] == "${name}"` },
      stages: [{ name: 'all', take: '100%' }],
      ...spec,
    },
  });
  const withApproval = { approvals: { start: { policyRef: 'four-eyes' } } };
  const policies: Json[] = [
    {
      apiVersion: 'drover/v1',
      kind: 'ReleasePolicy',
      metadata: { name: 'release' },
      spec: { roles: release.policy.roles, downgrade: 'Allowed' },
    },
    { apiVersion: 'drover/v1', kind: 'ApprovalPolicy', metadata: { name: 'four-eyes' }, spec: { minApprovals: 1, forbid: ['author'] } },
  ];
  const apply = (documents: Json[], more = {}) => api<PlanView[]>(server, 'POST', '/apply', { documents, ...more });
  const decide = (name: string, planDigest: string, token?: string) =>
    api<CampaignView>(server, 'POST', `/campaigns/${name}/approvals`, { planDigest, decision: 'approve' }, token);

  beforeAll(async () => {
    expect((await apply(policies)).status).toBe(200);
    const { body } = await uploadImage(server, release.image);
    const push = { envelope: Buffer.from(release.envelope).toString('base64'), digest: body.digest };
    expect((await api(server, 'POST', '/firmware', push)).status).toBe(200);
    const names = ['good', 'moved', 'watched', 'two-needed', 'stopped', 'running'];
    const devices = names.map((name) => ({ endpoint: `of-${name}`, labels: { for: name } }));
    expect((await api(server, 'POST', '/devices/import', { devices })).status).toBe(200);
  });

  it('still accepts a good one', async () => {
    const { status, body } = await apply([campaign('good')]);
    expect(body).toMatchObject([{ change: 'create', plan: { stages: [{ endpoints: expect.any(Array) }] } }]);
    expect(status).toBe(200);
  });

  it('forecasts devices that nobody has heard of as devices that nobody has heard of', async () => {
    expectRefusal(await api(server, 'GET', '/campaigns/good/forecast'), 404, 'FORECAST_NOT_FOUND');
    expectRefusal(await api(server, 'POST', '/campaigns/none/forecast', {}), 404, 'CAMPAIGN_NOT_FOUND');
    expectRefusal(await api(server, 'POST', '/campaigns/good/forecast', { deltaBytes: 2048 }), 400, 'DELTA_TOO_LARGE');
    // No body is as good as an empty one.
    expect((await api(server, 'POST', '/campaigns/good/forecast')).status).toBe(200);
    const look = (after: number) => api<ForecastView>(server, 'GET', `/campaigns/good/forecast?after=${after}&waitSeconds=5`);
    let { body } = await look(0);
    while (body.state === 'collecting' || body.state === 'running') ({ body } = await look(body.revision));
    expect(body).toMatchObject({
      state: 'done',
      outlook: { runs: 20, devices: { remaining: 1, feasible: 0, infeasible: { SILENT: 1 } }, eta: [{ hours: { p50: 0 } }, {}, {}] },
    });
  });

  it('refuses an approval policy that does not exist', async () => {
    const unknown = campaign('c', { approvals: { start: { policyRef: 'six-eyes' } } });
    expectRefusal(await apply([unknown]), 404, 'POLICY_NOT_FOUND');
  });

  it('refuses firmware that nobody pushed', async () => {
    expectRefusal(await apply([campaign('c', { firmware: { name: 'fw', version: '9.9.9' } })]), 404, 'ARTIFACT_NOT_FOUND');
  });

  it('refuses a campaign that reaches nobody', async () => {
    expectRefusal(await apply([campaign('c', { targets: { where: 'model == "none"' } })]), 409, 'PLAN_EMPTY');
  });

  it('refuses a plan that has moved since it was saved', async () => {
    const documents = [campaign('moved')];
    const { body } = await api<PlanView[]>(server, 'POST', '/plan', { documents });
    const expected = body.map(({ plan }) => plan?.digest);
    await api(server, 'POST', '/devices/import', { devices: [{ endpoint: 'late', labels: { for: 'moved' } }] });
    expectRefusal(await apply(documents, { expected }), 409, 'PLAN_STALE');
    expectRefusal(await api(server, 'GET', '/campaigns/moved'), 404, 'CAMPAIGN_NOT_FOUND');
  });

  it('refuses approvals by the author, for another plan, twice, and where none is waited for', async () => {
    await apply([campaign('watched', { ...withApproval, schedule: { notBefore: '2126-01-01T00:00:00Z' } })]);
    const { body } = await api<CampaignView>(server, 'GET', '/campaigns/watched');
    expectRefusal(await decide('watched', body.planDigest), 403, 'APPROVAL_BY_AUTHOR');
    expectRefusal(await decide('watched', `sha256:${'0'.repeat(64)}`, secretOf.approver), 409, 'APPROVAL_VOID');
    const paused = await api(server, 'POST', '/campaigns/watched/pause', { reason: 'r' });
    expect(paused.body).toMatchObject({ phase: 'paused' });
    expect((await decide('watched', body.planDigest, secretOf.approver)).status).toBe(200);
    expectRefusal(await decide('watched', body.planDigest, secretOf.approver), 409, 'TRANSITION_REFUSED');
    expectRefusal(await decide('good', body.planDigest, secretOf.approver), 409, 'TRANSITION_REFUSED');
  });

  it('counts a person once', async () => {
    const twoOfThem: Json = { apiVersion: 'drover/v1', kind: 'ApprovalPolicy', metadata: { name: 'two' }, spec: { minApprovals: 2 } };
    await apply([twoOfThem, campaign('two-needed', { approvals: { start: { policyRef: 'two' } } })]);
    const { body } = await api<CampaignView>(server, 'GET', '/campaigns/two-needed');
    expect((await decide('two-needed', body.planDigest, secretOf.approver)).body).toMatchObject({ phase: 'awaiting-approval' });
    expectRefusal(await decide('two-needed', body.planDigest, secretOf.approver), 409, 'APPROVAL_TWICE');
  });

  it('refuses an approver whose token was revoked meanwhile', async () => {
    await api(server, 'POST', `/tokens/${idOf.approver}/revoke`);
    const { body } = await api<CampaignView>(server, 'GET', '/campaigns/two-needed');
    expectRefusal(await decide('two-needed', body.planDigest, secretOf.approver), 401, 'TOKEN_INVALID');
    expect((await api(server, 'GET', '/campaigns/two-needed')).body).toMatchObject({ phase: 'awaiting-approval' });
  });

  it('refuses what a campaign cannot do from where it is', async () => {
    await apply([campaign('stopped', { ...withApproval })]);
    const act = (verb: string) => api(server, 'POST', `/campaigns/stopped/${verb}`, { reason: 'r' });
    expectRefusal(await act('promote'), 409, 'TRANSITION_REFUSED');
    expectRefusal(await act('resume'), 409, 'TRANSITION_REFUSED');
    expectRefusal(await act('explode'), 409, 'TRANSITION_REFUSED');
    expect((await act('abort')).status).toBe(200);
    expectRefusal(await act('abort'), 409, 'TRANSITION_REFUSED');
  });

  it('refuses to change a campaign that runs', async () => {
    await apply([campaign('running')]);
    for (let wait = 0; wait < 100; wait++) {
      const { body } = await api<CampaignView>(server, 'GET', '/campaigns/running');
      if (body.phase === 'running') break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expectRefusal(await apply([campaign('running', { description: 'another' })]), 409, 'CAMPAIGN_RUNNING');
  });

  it('refuses a second hold-lift', async () => {
    const { body } = await api<{ id: string }>(server, 'POST', '/holds', { scope: 'campaign', target: 'good', reason: 'r' });
    expect((await api(server, 'POST', `/holds/${body.id}/lift`, { reason: 'r' })).status).toBe(200);
    expectRefusal(await api(server, 'POST', `/holds/${body.id}/lift`, { reason: 'r' }), 409, 'HOLD_LIFTED');
  });
});
