import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CONTENT_FORMAT, encodeContent, type ResourceValue } from '@drover/lwm2m';
import type { OperationView } from '@drover/contracts';
import { api, startServer, type TestServer } from '../support/server.ts';
import { UdpDevice } from '../support/udp-device.ts';
import type { Answer, Question } from '../support/wire-device.ts';

jest.setTimeout(60_000);

const CLI = join(import.meta.dirname, '../../apps/cli/dist/main.js');
const NAME = 'urn:dev:os:valve-7';
const SLEEPER = 'urn:dev:os:sleeper-1';
const LINKS = '</>;rt="oma.lwm2m";ct="0 112 11542",</1/0>,</3/0>,</5/0>,</26300/0>';
const VALVE = `<LWM2M><Object><Name>Valve</Name><ObjectID>26300</ObjectID><MultipleInstances>Multiple</MultipleInstances>
<Mandatory>Optional</Mandatory><Resources><Item ID="1"><Name>Opening</Name><Operations>RW</Operations>
<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Type>Float</Type>
<RangeEnumeration>0..100</RangeEnumeration><Units>%</Units></Item></Resources></Object></LWM2M>`;

let folder: string;
let server: TestServer;
let viewer: string;
let device: UdpDevice;
let script: (question: Question) => Answer;

const content = (values: readonly ResourceValue[], base: string, more: Answer['options'] = {}): Answer => ({
  code: '2.05',
  options: { contentFormat: CONTENT_FORMAT.SENML_CBOR, ...more },
  payload: encodeContent(CONTENT_FORMAT.SENML_CBOR, values, base),
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drover-operations-'));
  writeFileSync(join(folder, 'valve.xml'), VALVE);
  server = await startServer({ args: ['--object-models', folder] });
  viewer = (await api<{ secret: string }>(server, 'POST', '/tokens', { name: 'viewer', role: 'viewer' })).body.secret;
  device = await UdpDevice.start(server.coap, (question) => script(question));
  script = () => ({ code: '4.04' });
  await device.register([`ep=${NAME}`, 'lt=3600', 'lwm2m=1.1', 'b=U'], LINKS);
  // What the server reads of its own accord comes first.
  for (let round = 0; round < 100 && !device.texts.includes('GET /5/0'); round++) await new Promise((resolve) => setTimeout(resolve, 50));
});
afterAll(async () => {
  device?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  device.asked.length = 0;
});

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly errors: string;
}
function drover(args: readonly string[], token = server.token): Promise<Ran> {
  const env = { ...process.env, DROVER_SERVER: server.url, DROVER_TOKEN: token, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'device', ...args], { env }, (error, out, errors) =>
      resolve({ status: error === null ? 0 : Number(error.code), out, errors }),
    );
  });
}

describe('a person reads', () => {
  it('values with their names and units, a device’s own objects too', async () => {
    script = ({ text }) => (text === 'GET /26300/0' ? content([{ path: '/26300/0/1', value: 130.5 }], '/26300/0') : { code: '4.04' });
    const { status, out } = await drover(['read', NAME, '/26300/0'], viewer);
    expect(status).toBe(0);
    expect(out).toMatch(/PATH +NAME +VALUE +UNIT/);
    expect(out).toMatch(/\/26300\/0\/1 +Opening +130\.5 +% +out of range/);
  });

  it('several paths in one request, and JSON for programs', async () => {
    script = ({ text }) => (text === 'FETCH /' ? content([{ path: '/3/0/9', value: 80 }], '/') : { code: '4.04' });
    const { status, out } = await drover(['read', NAME, '/3/0/9', '/5/0/3', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ state: 'done', answer: { values: [{ name: 'Battery Level', value: 80, unit: '/100' }] } });
  });

  it('what is there, with its attributes', async () => {
    script = () => ({ code: '2.05', options: { contentFormat: CONTENT_FORMAT.LINK }, payload: Buffer.from('</3/0>,</3/0/9>;pmin=5') });
    expect((await drover(['discover', NAME, '/3/0'])).out).toMatch(/\/3\/0\/9 +Battery Level +pmin=5/);
  });

  it('what is not there, with the status of what is not found', async () => {
    script = () => ({ code: '4.04' });
    expect(await drover(['read', NAME, '/3/7'])).toMatchObject({ status: 3, errors: expect.stringContaining('PATH_NOT_FOUND') });
  });
});

interface AuditLine {
  readonly seq: number;
  readonly type: string;
  readonly details: { readonly id?: string; readonly paths?: readonly string[] };
}

describe('a person changes', () => {
  it.each<[string[], string]>([
    [['write', NAME, '/1/0/1', '300'], 'PUT /1/0/1'],
    [['write', NAME, '/1/0', '--data', '{"1": 300}'], 'PUT /1/0'],
    [['write', NAME, '/1/0', '--data', '{"1": 300}', '--update'], 'POST /1/0'],
    [['write', NAME, '/', '--data', '{"/1/0/1": 300}'], 'iPATCH /'],
    [['write-attributes', NAME, '/3/0/9', 'pmin=60', 'pmax'], 'PUT /3/0/9'],
    [['execute', NAME, '/3/0/4'], 'POST /3/0/4'],
    [['delete', NAME, '/26300/3'], 'DELETE /26300/3'],
  ])('drover device %j', async (args, request) => {
    script = () => ({ code: '2.04' });
    expect(await drover(args)).toMatchObject({ status: 0, out: expect.stringContaining('done') });
    expect(device.texts).toEqual([request]);
  });

  it('by creating, and hears what was created', async () => {
    script = () => ({ code: '2.01', options: { locationPath: ['26300', '4'] } });
    expect((await drover(['create', NAME, '/26300', '--data', '{"1": 50}'])).out).toContain('created /26300/4');
  });

  it('and it is in the audit log, before and after, without what must not be there', async () => {
    script = () => ({ code: '2.04' });
    await drover(['write', NAME, '/10/0/9', 'c2VjcmV0']);
    const { body } = await api<AuditLine[]>(server, 'GET', '/audit?limit=100');
    const lines = body as AuditLine[];
    const before = lines.find(({ type, details }) => type === 'operation-requested' && details.paths?.includes('/10/0/9'));
    expect(before).toMatchObject({ actor: { id: 'first-administrator' }, details: { values: [{ path: '/10/0/9', hidden: 'bytes' }] } });
    const after = lines.find(({ type, details }) => type === 'operation-finished' && details.id === before?.details.id);
    expect(after).toMatchObject({ result: 'success', details: { outcome: 'done', answer: '2.04' } });
    expect(after?.seq).toBeGreaterThan(before?.seq ?? Number.NaN);
    expect(JSON.stringify(body)).not.toContain('c2VjcmV0');
  });

  it.each<[string, string[], number, string]>([
    ['the way of an image', ['write', NAME, '/5/0/1', 'coap://x/y'], 7, 'CAMPAIGN_ONLY'],
    ['an installation', ['execute', NAME, '/5/0/2'], 7, 'CAMPAIGN_ONLY'],
    ['software', ['write', NAME, '/9/0/3', 'coap://x/y'], 7, 'CAMPAIGN_ONLY'],
    ['keys', ['read', NAME, '/0/0'], 7, 'OBJECT_SECRET'],
    ['a value of another type', ['write', NAME, '/1/0/1', 'long'], 2, 'VALUE_INVALID'],
    ['a value out of range', ['write', NAME, '/26300/0/1', '101'], 2, 'VALUE_RANGE'],
    ['a path that is none', ['read', NAME, '3/0'], 2, 'REQUEST_INVALID'],
    ['a device that is none', ['read', 'nobody', '/3'], 3, 'DEVICE_NOT_FOUND'],
    ['neither value nor data', ['write', NAME, '/1/0/1'], 2, 'USAGE'],
    ['data that is no JSON', ['write', NAME, '/1/0', '--data', '{'], 2, 'USAGE'],
    ['an attribute of no kind', ['write-attributes', NAME, '/3', 'often=1'], 2, 'USAGE'],
  ])('but not %s', async (_what, args, status, code) => {
    expect(await drover(args)).toMatchObject({ status, errors: expect.stringContaining(`error ${code}`) });
    expect(device.asked).toEqual([]);
  });

  it('but not with the right to read alone', async () => {
    expect(await drover(['write', NAME, '/1/0/1', '300'], viewer)).toMatchObject({
      status: 7,
      errors: expect.stringContaining('NOT_PERMITTED'),
    });
    expect(device.asked).toEqual([]);
  });
});

const STATUS = { path: '/5/0/3', value: 0 };

/** Runs until `ready` says so of what was printed, then sends the signal, if any. */
function running(args: readonly string[], { signalAfter }: { signalAfter?: string } = {}) {
  const env = { ...process.env, DROVER_SERVER: server.url, DROVER_TOKEN: server.token, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, [CLI, 'device', ...args], { env });
  let text = '';
  let isSignalled = false;
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    if (signalAfter === undefined || isSignalled || !text.includes(signalAfter)) return;
    isSignalled = true;
    child.kill('SIGINT');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const said = async (words: string): Promise<void> => {
    for (let round = 0; round < 200 && !text.includes(words); round++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(text).toContain(words);
  };
  const end = new Promise<{ status: number | null; text: string }>((resolve) => child.once('close', (status) => resolve({ status, text })));
  return { said, end };
}

describe('a person observes', () => {
  beforeEach(() => {
    script = ({ options }) => content([STATUS], '/5/0/3', { observe: options.observe === 0 ? 1 : undefined });
  });

  it('so many notifications, and the device hears that it is enough', async () => {
    const { said, end } = running(['observe', NAME, '/5/0/3', '--count', '2']);
    await said('State');
    const question = device.asked[0]!;
    device.notify(question, 2, content([{ ...STATUS, value: 1 }], '/5/0/3'));
    device.notify(question, 3, content([{ ...STATUS, value: 2 }], '/5/0/3'));
    const { status, text } = await end;
    expect(status).toBe(0);
    expect(text.match(/\/5\/0\/3 +State +\d/g)?.map((line) => line.at(-1))).toEqual(['0', '1', '2']);
    for (let round = 0; round < 100 && device.asked.length < 2; round++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(device.asked.at(-1)?.options.observe).toBe(1);
  });

  it('until Ctrl-C', async () => {
    expect(await running(['observe', NAME, '/5/0/3'], { signalAfter: 'State' }).end).toMatchObject({ status: 0 });
    expect(device.asked.at(-1)?.options.observe).toBe(1);
  });

  it('until the device registers again; nobody makes the observation anew', async () => {
    const { said, end } = running(['observe', NAME, '/5/0/3']);
    await said('State');
    await device.register([`ep=${NAME}`, 'lt=3600', 'lwm2m=1.1', 'b=U'], LINKS);
    expect(await end).toMatchObject({ status: 0, text: expect.stringContaining('registered again') });
    expect(device.asked.filter(({ options }) => options.observe === 0)).toHaveLength(1);
  });
});

describe('a device that sleeps', () => {
  // Known by name, and not there: what an operator sees of a sleeper between two contacts.
  beforeAll(() => api(server, 'POST', '/devices/import', { devices: [{ endpoint: SLEEPER, labels: {} }] }));

  it('is refused without the will to wait', async () => {
    expect(await drover(['read', SLEEPER, '/3/0'])).toMatchObject({ status: 6, errors: expect.stringContaining('DEVICE_ASLEEP') });
  });

  it('is waited for, with the reason, and asked at its next contact', async () => {
    const { said, end } = running(['read', SLEEPER, '/3/0/9', '--wait', '1h']);
    await said('waiting since');
    await said('ASLEEP');
    script = ({ text }) => (text === 'GET /3/0/9' ? content([{ path: '/3/0/9', value: 42 }], '/3/0/9') : { code: '4.04' });
    const sleeper = await UdpDevice.start(server.coap, (question) => script(question));
    await sleeper.register([`ep=${SLEEPER}`, 'lt=3600', 'lwm2m=1.1', 'b=U', 'Q'], '</3/0>');
    const { status, text } = await end;
    sleeper.close();
    expect([status, text]).toEqual([0, expect.stringMatching(/Battery Level +42/)]);
  });

  it('is not asked what a person has taken back', async () => {
    const { body } = await api<OperationView>(server, 'POST', `/devices/nobody-home/changes`, { operation: 'delete', path: '/1/1' });
    expect(body.error.code).toBe('DEVICE_NOT_FOUND');
    await api(server, 'POST', '/devices/import', { devices: [{ endpoint: 'away', labels: {} }] });
    const asked = await api<OperationView>(server, 'POST', '/devices/away/changes', {
      operation: 'execute',
      path: '/3/0/4',
      waitSeconds: 600,
    });
    expect(asked.body).toMatchObject({ state: 'waiting', wait: { code: 'ASLEEP' } });
    const others = await api(server, 'POST', `/devices/away/operations/${asked.body.id}/cancel`, {}, viewer);
    expect(others).toMatchObject({ status: 403, body: { error: { code: 'NOT_PERMITTED' } } });
    const own = await api<OperationView>(server, 'POST', `/devices/away/operations/${asked.body.id}/cancel`, {});
    expect(own.body.state).toBe('cancelled');
    expect((await api<OperationView[]>(server, 'GET', '/devices/away/operations')).body).toMatchObject([{ state: 'cancelled' }]);
  });
});

it('is described where programs look', async () => {
  const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as { paths: Record<string, object> };
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/api/v1/devices/{endpoint}/inquiries',
      '/api/v1/devices/{endpoint}/changes',
      '/api/v1/devices/{endpoint}/operations/{id}',
    ]),
  );
});
