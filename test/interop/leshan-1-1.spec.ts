import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Endpoint } from '@drover/kernel';
import { CONTENT_FORMAT, ObjectModels, parseObjectXml, type DeviceOperation, type ResourceValue, type Value } from '@drover/lwm2m';
import { Lwm2mBench } from './lwm2m-bench.ts';
import { saySkipped } from './skipped.ts';

jest.setTimeout(180_000);

const PEER = join(import.meta.dirname, 'peers', 'leshan-1.1');
const D = Endpoint('leshan-2');
const T = '/32800/0';
const { TEXT, OPAQUE, CBOR, SENML_JSON, SENML_CBOR, TLV } = CONTENT_FORMAT;

/** Fetches Leshan's client library and compiles the peer; the reason where this machine cannot. */
function buildPeer(folder: string): string | undefined {
  try {
    const lib = join(folder, 'lib');
    const copy = ['-q', '-B', '-f', join(PEER, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`];
    execFileSync('mvn', copy, { stdio: 'pipe', timeout: 150_000 });
    execFileSync('javac', ['-cp', join(lib, '*'), '-d', join(folder, 'classes'), join(PEER, 'Peer.java')], {
      stdio: 'pipe',
      timeout: 60_000,
    });
    return undefined;
  } catch (error) {
    const isMissing = (error as { code?: string }).code === 'ENOENT';
    return isMissing ? 'Java or Maven is missing' : `the peer cannot be built: ${String(error).split('\n')[0]}`;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'drover-leshan-2-'));
const missing = buildPeer(folder);
if (missing) saySkipped(`interop with Eclipse Leshan 2: ${missing}`);

/** What the device starts with, by resource. */
const VALUES: Readonly<Record<number, Value>> = {
  0: 'grün',
  1: -70_000,
  2: 5_000_000_000,
  3: -43.5,
  4: true,
  5: Buffer.of(0, 1, 0xff),
  6: 1_367_491_215,
  7: { object: 3, instance: 0 },
  11: 42,
};

(missing ? describe.skip : describe)('Eclipse Leshan 2, a client of LwM2M 1.1', () => {
  const bench = new Lwm2mBench(ObjectModels.with(parseObjectXml(readFileSync(join(PEER, 'types.xml'), 'utf8'))));
  const said: string[] = [];
  let peer: ChildProcess;

  beforeAll(async () => {
    const server = await bench.start();
    const classPath = `${join(folder, 'classes')}:${join(folder, 'lib', '*')}`;
    peer = spawn('java', ['-cp', classPath, 'Peer', server, D], { stdio: ['pipe', 'pipe', 'inherit'], cwd: folder });
    peer.stdout?.on('data', (chunk) => said.push(...String(chunk).trim().split('\n')));
    await until(() => bench.device(D) !== undefined, 'its registration');
    // The device ignores requests until it has got the 2.01.
    await new Promise((resolve) => setTimeout(resolve, 500));
  });
  afterAll(() => {
    peer?.kill('SIGKILL');
    bench.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function until(holds: () => boolean, what: string): Promise<void> {
    for (let round = 0; round < 300 && !holds(); round++) await new Promise((resolve) => setTimeout(resolve, 50));
    if (!holds()) throw new Error(`no sign of ${what}; the peer said ${said.join(' | ')}`);
  }

  async function tell(line: string): Promise<void> {
    peer.stdin?.write(`${line}\n`);
    await until(() => said.includes(`done ${line}`), line);
  }

  async function run(operation: DeviceOperation, formats: readonly number[] = []): Promise<Record<string, Value> | string> {
    bench.formats = formats;
    bench.answeredIn.length = 0;
    const performed = await bench.run(D, operation);
    if (performed.type === 'no-answer') return performed.type;
    if (performed.type === 'refused') return `refused ${performed.code}`;
    if (performed.type === 'failed') return performed.code;
    return performed.values.length === 0 ? performed.code : Object.fromEntries(performed.values.map(({ path, value }) => [path, value]));
  }

  it('registers: version, formats and objects as it lists them', () => {
    const { lwm2mVersion, contentFormats, objects } = bench.device(D)!;
    expect(lwm2mVersion).toBe('1.1');
    expect(contentFormats).toEqual(expect.arrayContaining([TLV, SENML_JSON, SENML_CBOR]));
    expect(objects).toContainEqual({ object: 32_800, instances: [0], version: '1.0' });
  });

  const one = [TEXT, CBOR, SENML_JSON, SENML_CBOR, TLV];
  const single = Object.keys(VALUES).flatMap((resource) =>
    (resource === '5' ? [OPAQUE, ...one] : one).map((format) => ({ resource: Number(resource), format })),
  );
  it.each(single)('a resource is read in the format asked for: $resource as $format', async ({ resource, format }) => {
    const path = `${T}/${resource}`;
    expect(await run({ type: 'read', path }, [format])).toEqual({ [path]: VALUES[resource] });
    expect(bench.answeredIn).toEqual([format]);
  });

  it.each([SENML_JSON, SENML_CBOR, TLV])('an instance, an object, and a multiple resource are read as %d', async (format) => {
    const instance = (await run({ type: 'read', path: T }, [format])) as Record<string, Value>;
    expect(instance).toMatchObject({ [`${T}/0`]: 'grün', [`${T}/1`]: -70_000, [`${T}/9/0`]: 7, [`${T}/9/300`]: -1 });
    expect(bench.answeredIn).toEqual([format]);
    expect(await run({ type: 'read', path: '/32800' }, [format])).toEqual(instance);
    expect(await run({ type: 'read', path: `${T}/9` }, [format])).toEqual({ [`${T}/9/0`]: 7, [`${T}/9/300`]: -1 });
    expect(await run({ type: 'read', path: `${T}/9/300` }, [format])).toEqual({ [`${T}/9/300`]: -1 });
  });

  it('a format it does not know is refused, and the next one is tried by itself', async () => {
    expect(await run({ type: 'read', path: T }, [CONTENT_FORMAT.LWM2M_CBOR, SENML_JSON])).toMatchObject({ [`${T}/1`]: -70_000 });
  });

  const written: [number, Value][] = [
    [0, 'blau'],
    [1, 17],
    [2, 18_446_744_073_709_551_615n],
    [3, 2.25],
    [4, false],
    [5, Buffer.of(9, 8, 7)],
    [6, 1_700_000_000],
    [7, { object: 32_800, instance: 0 }],
  ];
  it.each(written.flatMap(([resource, value]) => (resource === 5 ? [OPAQUE, ...one] : one).map((format) => ({ resource, value, format }))))(
    'a resource is written in the format named, and reads back: $resource as $format',
    async ({ resource, value, format }) => {
      const path = `${T}/${resource}`;
      expect(await run({ type: 'write', path, value, format })).toBe('2.04');
      expect(await run({ type: 'read', path }, [SENML_CBOR])).toEqual({ [path]: value });
    },
  );

  it.each([SENML_JSON, SENML_CBOR, TLV])('an instance is updated and replaced as %d', async (format) => {
    const values: ResourceValue[] = [{ path: `${T}/0`, value: `as ${format}` }];
    expect(await run({ type: 'update', path: T, values }, [format])).toBe('2.04');
    expect(await run({ type: 'read', path: T })).toMatchObject({ [`${T}/0`]: `as ${format}`, [`${T}/1`]: expect.any(Number) });
    const whole: ResourceValue[] = [...values, { path: `${T}/1`, value: format }, { path: `${T}/9/1`, value: 11 }];
    expect(await run({ type: 'replace', path: T, values: whole }, [format])).toBe('2.04');
    expect(await run({ type: 'read', path: `${T}/9` })).toEqual({ [`${T}/9/1`]: 11 });
    expect(await run({ type: 'write', path: `${T}/9/1`, value: 12 }, [format])).toBe('2.04');
    expect(await run({ type: 'read', path: `${T}/9/1` })).toEqual({ [`${T}/9/1`]: 12 });
  });

  it.each<[string, DeviceOperation, string]>([
    ['reading what cannot be read', { type: 'read', path: `${T}/10` }, '4.05'],
    ['reading an object that is not there', { type: 'read', path: '/32801' }, '4.04'],
    ['reading an instance that is not there', { type: 'read', path: '/32800/9' }, '4.04'],
    ['reading a resource that is not there', { type: 'read', path: `${T}/99` }, '4.04'],
    ['reading keys, which it does not show', { type: 'read', path: '/0/0' }, '4.04'],
    ['writing what cannot be written', { type: 'write', path: `${T}/11`, value: 1 }, '4.05'],
    ['executing what cannot be executed', { type: 'execute', path: `${T}/11` }, '4.05'],
    ['executing in an object that is not there', { type: 'execute', path: '/32801/0/10' }, '4.04'],
    ['deleting the device', { type: 'delete', path: '/3/0' }, '4.05'],
    ['deleting keys', { type: 'delete', path: '/0/0' }, '4.04'],
    ['deleting an instance that is not there', { type: 'delete', path: '/32800/9' }, '4.04'],
    [
      'creating in an object that is not there',
      { type: 'create', path: '/32801', instance: 0, values: [{ path: '/32801/0/0', value: 'x' }] },
      '4.04',
    ],
    ['discovering an object that is not there', { type: 'discover', path: '/32801' }, '4.04'],
    ['discovering a resource that is not there', { type: 'discover', path: `${T}/99` }, '4.04'],
  ])('%s is answered, and named', async (_name, operation, expected) => {
    expect(await run(operation)).toBe(expected);
  });

  it('is executed, with arguments and without', async () => {
    expect(await run({ type: 'execute', path: `${T}/10` })).toBe('2.04');
    expect(await run({ type: 'execute', path: `${T}/10`, arguments: [{ id: 0 }, { id: 3, value: 'hello' }] })).toBe('2.04');
    await until(() => said.some((line) => line.startsWith("executed 10 0,3='hello'")), 'the arguments');
  });

  it.each([SENML_JSON, SENML_CBOR, TLV])('instances are created with an id and deleted again: %d', async (format) => {
    const values: ResourceValue[] = [{ path: '/32800/7/0', value: 'seven' }];
    expect(await run({ type: 'create', path: '/32800', instance: 7, values }, [format])).toBe('2.01');
    expect(await run({ type: 'read', path: '/32800/7/0' })).toEqual({ '/32800/7/0': 'seven' });
    expect(await run({ type: 'delete', path: '/32800/7' })).toBe('2.02');
    expect(await run({ type: 'read', path: '/32800/7/0' })).toBe('4.04');
  });

  it('an instance is created where the device chooses the id, and the id comes back', async () => {
    const performed = await bench.run(D, { type: 'create', path: '/32800', values: [{ path: '/32800/0/0', value: 'chosen' }] });
    if (performed.type !== 'done' || performed.created === undefined) throw new Error(JSON.stringify(performed));
    expect(performed.created).toMatch(/^\/32800\/\d+$/);
    expect(await run({ type: 'read', path: `${performed.created}/0` })).toEqual({ [`${performed.created}/0`]: 'chosen' });
    expect(await run({ type: 'delete', path: performed.created })).toBe('2.02');
  });

  it('attributes are written at every level, and discovered with what lies below', async () => {
    expect(await run({ type: 'write-attributes', path: '/32800', attributes: { pmin: 1, pmax: 600 } })).toBe('2.04');
    expect(await run({ type: 'write-attributes', path: T, attributes: { pmax: 300 } })).toBe('2.04');
    expect(await run({ type: 'write-attributes', path: `${T}/1`, attributes: { gt: 100, lt: 5, st: 1 } })).toBe('2.04');
    const discover = async (path: string) => {
      const performed = await bench.run(D, { type: 'discover', path });
      return performed.type === 'done' ? (performed.links ?? []) : [];
    };
    const object = await discover('/32800');
    expect(object.find(({ path }) => path === '/32800')?.attributes).toEqual({ pmin: 1, pmax: 600 });
    expect(object.map(({ path }) => path)).toEqual(expect.arrayContaining([T, `${T}/0`, `${T}/10`]));
    expect((await discover(T)).find(({ path }) => path === T)?.attributes).toMatchObject({ pmax: 300 });
    expect((await discover(`${T}/1`)).find(({ path }) => path === `${T}/1`)?.attributes).toMatchObject({ gt: 100, lt: 5, st: 1 });
    expect((await discover(`${T}/9`)).find(({ path }) => path === `${T}/9`)?.dim).toBe(1);
    expect(await run({ type: 'write-attributes', path: `${T}/1`, attributes: {}, unset: ['gt', 'lt', 'st'] })).toBe('2.04');
    expect((await discover(`${T}/1`)).find(({ path }) => path === `${T}/1`)?.attributes).not.toHaveProperty('gt');
    for (const path of ['/32800', T])
      expect(await run({ type: 'write-attributes', path, attributes: {}, unset: ['pmin', 'pmax'] })).toBe('2.04');
  });

  it.each([SENML_JSON, SENML_CBOR, TLV])('a resource is observed, told of, and not any more after the cancellation: %d', async (format) => {
    bench.formats = [format];
    const { first, notifications, end } = await bench.observe(D, { type: 'observe', path: `${T}/1` });
    expect(first).toMatchObject({ type: 'done', observing: true });
    await tell(`set ${1000 + format}`);
    await until(() => notifications.length > 0, 'a notification');
    expect(notifications.at(-1)).toMatchObject({
      type: 'done',
      values: [{ path: `${T}/1`, value: 1000 + format, name: 'Signed', type: 'Integer' }],
    });
    end();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = notifications.length;
    await tell(`set ${2000 + format}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(notifications).toHaveLength(before);
  });

  it.each([SENML_JSON, SENML_CBOR])('several paths are read, written and observed at once: %d', async (format) => {
    const paths = ['/3/0/0', `${T}/0`, `${T}/9`];
    const values: ResourceValue[] = [
      { path: `${T}/0`, value: `together ${format}` },
      { path: `${T}/9/1`, value: 99 },
    ];
    expect(await run({ type: 'write-composite', values }, [format])).toBe('2.04');
    expect(await run({ type: 'read-composite', paths }, [format])).toEqual({
      '/3/0/0': 'Leshan',
      [`${T}/0`]: `together ${format}`,
      [`${T}/9/1`]: 99,
    });
    bench.formats = [format];
    const { first, notifications, end } = await bench.observe(D, { type: 'observe-composite', paths: [`${T}/1`, '/3/0/0'] });
    expect(first).toMatchObject({ type: 'done', observing: true });
    await tell(`set ${3000 + format}`);
    await until(() => notifications.length > 0, 'a notification');
    const told = notifications.at(-1);
    expect(told?.type === 'done' && told.values.find(({ path }) => path === `${T}/1`)?.value).toBe(3000 + format);
    end();
  });

  it.each(['JSON', 'CBOR'])('it sends on its own: SenML %s', async (format) => {
    const before = bench.sent.length;
    await tell(`send ${format}`);
    await until(() => bench.sent.length > before, 'a Send');
    expect(bench.sent.at(-1)?.find(({ path }) => path === '/3/0/0')?.value).toBe('Leshan');
  });

  it('updates its registration, takes its leave, and is gone', async () => {
    await tell('update');
    await until(() => bench.contacts.includes('update'), 'an Update');
    await tell('stop');
    await until(() => bench.contacts.includes('deregister'), 'its Deregister');
    expect(bench.device(D)).toBeUndefined();
  });
});
