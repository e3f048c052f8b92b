import { createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CredentialView } from '@drover/contracts';
import type { OwnCertificate } from '@drover/dtls';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName, type KeyName } from '@drover/testkit';
import { SecuredDevice } from '../support/secured-device.ts';
import { startServer, type TestServer } from '../support/server.ts';

// `drover credentials` as people and programs run it, and devices that come with what it handed over.

jest.setTimeout(60_000);

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'dist', 'main.js');
const scratch = scratchFolder();
let server: TestServer;

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
const certificates = (...names: CertificateName[]): string => names.map((name) => pem('CERTIFICATE', certificateDer(name))).join('');
const spkiOf = (name: KeyName): Buffer =>
  createPublicKey(privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' })).export({ type: 'spki', format: 'der' });

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(scratch.file(name), content, { mode: 0o600 });
  return scratch.file(name);
}

beforeAll(async () => {
  const key = written('server.key', privateKeyOf('server').export({ format: 'pem', type: 'pkcs8' }));
  const args = ['--dtls-key', key, '--dtls-certificate', written('server.pem', certificates('server', 'intermediate'))];
  server = await startServer({ isSecured: true, args: [...args, '--dtls-client-ca', written('ca.pem', certificates('root'))] });
});

afterAll(async () => {
  await server.stop();
  scratch.remove();
});

interface Ran {
  readonly status: number | null;
  readonly text: string;
  readonly errors: string;
}

function drover(args: readonly string[], input = ''): Promise<Ran> {
  const env = { ...process.env, DROVER_SERVER: server.url, DROVER_TOKEN: server.token, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, [CLI, ...args], { env });
  let [text, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, text, errors })));
}

const listed = async (endpoint: string): Promise<CredentialView[]> =>
  JSON.parse((await drover(['--json', 'credentials', 'list', '--endpoint', endpoint])).text) as CredentialView[];

async function registers(
  endpoint: string,
  credential: { psk?: { identity: string; key: Uint8Array }; own?: OwnCertificate },
): Promise<string> {
  const device = await SecuredDevice.start(server.coaps, credential);
  try {
    await device.connect();
    return (await device.register(endpoint)).code;
  } finally {
    device.close();
  }
}

describe('import', () => {
  it('takes hex from a file, and the same file again', async () => {
    const key = randomBytes(16);
    const file = written(
      'keys.csv',
      `endpoint,identity,key\r\n"urn:dev:a",first,${key.toString('hex')}\r\nurn:dev:b,,${randomBytes(32).toString('hex')}\r\n`,
    );
    expect(await drover(['credentials', 'import', file])).toMatchObject({ status: 0, text: '2 added, 0 known already\n' });
    expect(await drover(['credentials', 'import', file])).toMatchObject({ status: 0, text: '0 added, 2 known already\n' });
    expect(await registers('urn:dev:a', { psk: { identity: 'first', key } })).toBe('2.01');
  });

  it('takes base64 from standard input', async () => {
    const rows = `endpoint,key\nurn:dev:c,${randomBytes(16).toString('base64')}\n`;
    expect(await drover(['--json', 'credentials', 'import', '-', '--encoding', 'base64'], rows)).toMatchObject({ status: 0 });
    expect(await listed('urn:dev:c')).toMatchObject([{ kind: 'psk', identity: 'urn:dev:c', state: 'active' }]);
  });

  it.each<[string, string, number, string]>([
    ['no header', 'urn:dev:x,00\n', 2, ':1: the header names no column "endpoint"'],
    ['a column that there is not', 'endpoint,secret\nurn:dev:x,00\n', 2, ':1: there is no column "secret"'],
    ['a row with a cell too many', 'endpoint,key\nurn:dev:x,00,00\n', 2, ':2: 3 cells'],
    ['no key', 'endpoint,key\n\nurn:dev:x,\n', 2, ':3: the key is missing'],
    ['a key that is not hex', 'endpoint,key\nurn:dev:x,c0ffee-not-hex\n', 2, ':2: the key is not hex'],
    ['a kind that there is not', 'endpoint,kind,key\nurn:dev:x,pks,00\n', 2, ':2: kind is one of'],
    [
      'a weak key, by the server',
      `endpoint,key\nurn:dev:y,${randomBytes(16).toString('hex')}\nurn:dev:x,${'ab'.repeat(16)}\n`,
      2,
      ':3:1: KEY_REPETITIVE',
    ],
    ['a key that another has', `endpoint,key\nurn:dev:x,${'0123456789abcdef'.repeat(1)}\n`, 2, 'KEY_TOO_SHORT'],
  ])('%s is told by its line, and without the key', async (_what, rows, status, text) => {
    const ran = await drover(['credentials', 'import', written('bad.csv', rows)]);
    expect(ran.status).toBe(status);
    expect(ran.errors).toContain(text);
    for (const secret of ['c0ffee-not-hex', 'abababab']) expect(ran.errors).not.toContain(secret);
    expect(await listed('urn:dev:x')).toEqual([]);
    expect(await listed('urn:dev:y')).toEqual([]);
  });
});

describe('an OSCORE context', () => {
  const context = ['--kind', 'oscore', '--sender-id', 'd1', '--recipient-id', '5e'];

  it('is added, rotated and listed, and its secrets are never shown', async () => {
    const [first, next] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    const [add, rotate] = ['add', 'rotate'].map((verb) => ['credentials', verb, 'urn:dev:o']);
    expect(await drover([...add!, ...context, '--master-salt', '0102', '--key-file', '-'], first)).toMatchObject({ status: 0 });
    expect(await drover([...rotate!, ...context, '--key-file', '-'], next)).toMatchObject({ status: 4 });
    const other = ['--kind', 'oscore', '--sender-id', 'd1', '--recipient-id', '', '--id-context', 'c0', '--key-file', '-'];
    expect(await drover([...rotate!, ...other], next)).toMatchObject({ status: 0 });
    const ran = await drover(['credentials', 'list', '--endpoint', 'urn:dev:o']);
    expect(ran.text).toMatch(/oscore +management +kid:d1 +active/);
    expect(ran.text).toMatch(/oscore +management +kid:d1\/c0 +next/);
    for (const secret of [first, next]) expect(JSON.stringify([ran, await listed('urn:dev:o')])).not.toContain(secret);
  });

  it.each<[string, string[], string]>([
    ['without IDs', ['--kind', 'oscore'], 'Sender ID and the Recipient ID'],
    ['with an ID that is not hex', ['--kind', 'oscore', '--sender-id', 'x', '--recipient-id', '5e'], 'senderId is not hex'],
    ['with another AEAD', [...context, '--aead', 'AES-GCM-128'], 'ALGORITHM_UNSUPPORTED'],
    ['with IDs for a pre-shared key', ['--sender-id', 'd1'], '--kind oscore'],
  ])('%s is refused', async (_what, args, text) => {
    const ran = await drover(['credentials', 'add', 'urn:dev:p', ...args, '--key-file', '-'], randomBytes(16).toString('hex'));
    expect([ran.status, ran.errors]).toEqual([2, expect.stringContaining(text)]);
  });

  it('is imported from a file, beside other kinds', async () => {
    const row = (...cells: string[]): string => `${cells.join(',')}\n`;
    const key = (): string => randomBytes(16).toString('hex');
    const header = row('endpoint', 'kind', 'key', 'senderId', 'recipientId', 'idContext');
    const rows = [row('urn:dev:q', 'oscore', key(), '0a', '', ''), row('urn:dev:r', 'oscore', key(), '0a', '5e', 'ff')];
    const file = written('contexts.csv', [header, ...rows, row('urn:dev:s', 'psk', key(), '', '', '')].join(''));
    expect(await drover(['credentials', 'import', file])).toMatchObject({ status: 0, text: '3 added, 0 known already\n' });
    expect(await listed('urn:dev:q')).toMatchObject([{ kind: 'oscore', identity: 'kid:0a' }]);
    expect(await listed('urn:dev:r')).toMatchObject([{ kind: 'oscore', identity: 'kid:0a/ff' }]);
  });
});

describe('add, rotate, revoke', () => {
  it('a key is drawn into a file for its owner alone, which import reads too', async () => {
    const [first, next] = [scratch.file('first.csv'), scratch.file('next.csv')];
    expect(await drover(['credentials', 'add', 'urn:dev:d', '--new-key', first])).toMatchObject({ status: 0 });
    expect(statSync(first).mode & 0o777).toBe(0o600);
    const keyIn = (file: string): Buffer => Buffer.from(readFileSync(file, 'utf8').trim().split(',').at(-1)!, 'hex');
    expect(await drover(['credentials', 'import', first])).toMatchObject({ text: '0 added, 1 known already\n' });
    expect(await drover(['credentials', 'rotate', 'urn:dev:d', '--new-key', next])).toMatchObject({ status: 2 });
    expect(await drover(['credentials', 'rotate', 'urn:dev:d', '--identity', 'd2', '--new-key', next])).toMatchObject({ status: 0 });
    expect(await drover(['credentials', 'rotate', 'urn:dev:d', '--identity', 'd3', '--new-key', scratch.file('third.csv')])).toMatchObject({
      status: 4,
    });
    expect(await registers('urn:dev:d', { psk: { identity: 'urn:dev:d', key: keyIn(first) } })).toBe('2.01');
    expect(await registers('urn:dev:d', { psk: { identity: 'd2', key: keyIn(next) } })).toBe('2.01');
    for (let round = 0; round < 50 && (await listed('urn:dev:d')).every(({ state }) => state !== 'revoked'); round++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await listed('urn:dev:d')).map(({ identity, state }) => [identity, state])).toEqual(
      expect.arrayContaining([
        ['urn:dev:d', 'revoked'],
        ['d2', 'active'],
      ]),
    );
    expect(await drover(['credentials', 'revoke', 'urn:dev:d', '--reason', 'scrapped'])).toMatchObject({
      status: 0,
      text: 'psk d2 is revoked\n',
    });
    expect(await drover(['credentials', 'revoke', 'urn:dev:d', '--reason', 'scrapped'])).toMatchObject({ status: 3 });
  });

  it('a key from standard input, never from an argument', async () => {
    const key = randomBytes(24).toString('hex');
    expect(await drover(['credentials', 'add', 'urn:dev:e', '--key-file', '-'], `${key}\n`)).toMatchObject({ status: 0 });
    expect(await drover(['credentials', 'add', 'urn:dev:f'])).toMatchObject({ status: 2, errors: expect.stringContaining('--key-file') });
    expect(await drover(['credentials', 'add', 'urn:dev:f', '--key', key])).toMatchObject({ status: 2 });
  });

  it('a raw public key', async () => {
    const file = written('device.pub', pem('PUBLIC KEY', spkiOf('device')));
    expect(await drover(['credentials', 'add', 'urn:dev:raw', '--kind', 'rpk', '--key-file', file])).toMatchObject({ status: 0 });
    const own = { privateKey: privateKeyOf('device'), rawKey: spkiOf('device') };
    expect(await registers('urn:dev:raw', { own })).toBe('2.01');
    expect(await registers('urn:dev:other', { own })).toBe('4.00');
    await expect(registers('urn:dev:raw', { own: { privateKey: privateKeyOf('expired'), rawKey: spkiOf('expired') } })).rejects.toThrow(
      'access_denied',
    );
  });

  it('a certificate, by its name and its issuer', async () => {
    const by = ['--kind', 'x509', '--identity', 'urn:dev:1', '--issuer', 'CN=Intermediate'];
    expect(await drover(['credentials', 'add', 'urn:dev:certified', ...by])).toMatchObject({ status: 0 });
    const own = { privateKey: privateKeyOf('device'), chain: [certificateDer('device'), certificateDer('intermediate')] };
    expect(await registers('urn:dev:certified', { own })).toBe('2.01');
    const stranger = { privateKey: privateKeyOf('stranger'), chain: [certificateDer('stranger')] };
    await expect(registers('urn:dev:certified', { own: stranger })).rejects.toThrow('unknown_ca');
  });
});

it('check says what is not good, by its exit status too', async () => {
  expect(await drover(['credentials', 'check'])).toMatchObject({ status: 0, text: expect.stringMatching(/^\d+ checked, 0 found\n$/) });
  const expired = '2020-01-01T00:00:00Z';
  await drover(['credentials', 'add', 'urn:dev:old', '--new-key', scratch.file('old.csv'), '--expires', expired]);
  const ran = await drover(['credentials', 'check']);
  expect(ran.status).toBe(1);
  expect(ran.text).toContain('CREDENTIAL_EXPIRED');
});

describe('the key-encryption key', () => {
  it('another one takes over; without the right one nothing starts', async () => {
    const folder = scratchFolder();
    const [one, two] = ['one', 'two'].map((name) => written(`${name}.kek`, randomBytes(32).toString('base64')));
    const start = (...args: string[]): Promise<TestServer> => startServer({ data: folder.file('data'), isSecured: true, args });
    let run = await start('--key-encryption-key', `file:${one}`);
    const psk = { identity: 'kept', key: randomBytes(16) };
    const credentials = [{ endpoint: 'urn:dev:kept', kind: 'psk', identity: 'kept', key: psk.key.toString('base64') }];
    const headers = { authorization: `Bearer ${run.token}`, 'content-type': 'application/json' };
    await fetch(`${run.url}/api/v1/credentials`, { method: 'POST', headers, body: JSON.stringify({ credentials }) });
    await run.stop();
    await expect(start('--key-encryption-key', `file:${two}`)).rejects.toThrow('KEY_ENCRYPTION_KEY_WRONG');
    await expect(start()).rejects.toThrow('KEY_ENCRYPTION_KEY_INVALID');
    run = await start('--key-encryption-key', `file:${two}`, '--previous-key-encryption-key', `file:${one}`);
    await run.stop();
    await expect(start('--key-encryption-key', `file:${one}`)).rejects.toThrow('KEY_ENCRYPTION_KEY_WRONG');
    run = await start('--key-encryption-key', `file:${two}`);
    const device = await SecuredDevice.start(run.coaps, { psk });
    await device.connect();
    expect((await device.register('urn:dev:kept')).code).toBe('2.01');
    device.close();
    await run.stop();
    folder.remove();
  });

  it('one that others can read is not taken', async () => {
    const open = scratch.file('open.kek');
    writeFileSync(open, randomBytes(32).toString('base64'), { mode: 0o644 });
    await expect(startServer({ isSecured: true, args: ['--key-encryption-key', `file:${open}`] })).rejects.toThrow('chmod 600');
  });

  it('a module of somebody may hold it', async () => {
    const module = written(
      'kms.mjs',
      'const flip = (bytes) => Uint8Array.from(bytes, (byte) => byte ^ 0x5a);\nexport default { keyName: "kms-1", wrap: async (key) => flip(key), unwrap: async (wrapped) => flip(wrapped) };\n',
    );
    const run = await startServer({ isSecured: true, args: ['--key-encryption-key', `module:${module}`] });
    await run.stop();
  });
});
