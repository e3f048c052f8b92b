import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { scratchFolder } from '@drover/testkit';
import { api, startServer, untilKnown, type TestServer } from '../support/server.ts';
import { PeerProcess } from './peer-process.ts';
import { saySkipped } from './skipped.ts';

// aiocoap's own OSCORE (RFC 8613), as a device of a whole server: both sides ask, both sides challenge (appendix B.1.2).

jest.setTimeout(90_000);

const PEER = join(import.meta.dirname, 'peers', 'aiocoap-oscore');
const FOLDER = join(import.meta.dirname, '..', '..', '.tools', 'aiocoap-oscore');
const PYTHON = join(FOLDER, 'bin', 'python');
const ENDPOINT = 'urn:dev:aiocoap';

const succeeds = (command: string, ...args: string[]): boolean => spawnSync(command, args, { timeout: 180_000 }).status === 0;
const hasAiocoap = (): boolean => succeeds(PYTHON, '-c', 'import aiocoap.oscore');

/** A virtual environment of its own, kept for the next run. */
function install(): boolean {
  if (hasAiocoap()) return true;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(PEER, 'requirements.txt')];
  const installed = succeeds('python3', '-m', 'venv', FOLDER) && succeeds(PYTHON, ...pip) && hasAiocoap();
  if (!installed) rmSync(FOLDER, { recursive: true, force: true });
  return installed;
}

const installed = install();
if (!installed) saySkipped('aiocoap with OSCORE cannot be installed here (it needs python3 with venv, and PyPI), so it has not tried us');

interface Said {
  readonly did: string;
  readonly code?: string;
  readonly protected?: boolean[];
  readonly error?: string;
}

(installed ? describe : describe.skip).each<[string, { salt?: string; context?: string; sender: string; recipient: string }]>([
  ['with IDs of a byte', { sender: 'd1', recipient: '5e' }],
  ['with a salt and an ID Context', { sender: 'd2', recipient: '5e', salt: '9e7ca92223786340', context: '37cbf3210017a2d3' }],
  ['with an empty ID of the server, and a long one of its own', { sender: 'd3d3d3d3d3d3d3', recipient: '' }],
])('aiocoap over OSCORE %s', (_what, { salt, context, sender, recipient }) => {
  let server: TestServer;
  let peer: PeerProcess;
  const scratch = scratchFolder();

  beforeEach(async () => {
    const secret = randomBytes(16);
    mkdirSync(scratch.file('context'), { recursive: true });
    const settings = { 'sender-id_hex': sender, 'recipient-id_hex': recipient, secret_hex: secret.toString('hex') };
    const more = { ...(salt && { salt_hex: salt }), ...(context && { 'id-context_hex': context }) };
    writeFileSync(scratch.file('context/settings.json'), JSON.stringify({ ...settings, ...more }));
    server = await startServer({ data: scratch.file('data'), isSecured: true, args: ['--oscore', 'on'] });
    const oscore = { senderId: sender, recipientId: recipient, ...(salt && { masterSalt: salt }), ...(context && { idContext: context }) };
    const credentials = [{ endpoint: ENDPOINT, kind: 'oscore', key: secret.toString('base64'), oscore }];
    expect((await api(server, 'POST', '/credentials', { credentials })).status).toBe(200);
    peer = new PeerProcess(PYTHON, [join(PEER, 'peer.py'), server.coap, ENDPOINT, scratch.file('context')]);
  });

  afterEach(async () => {
    peer.stop();
    await server.stop();
    scratch.remove();
  });

  const read = async (path: string): Promise<string> => {
    const wish = { operation: 'read', path };
    await untilKnown(server, ENDPOINT);
    const { body } = await api<{ id: string }>(server, 'POST', `/devices/${encodeURIComponent(ENDPOINT)}/inquiries`, wish);
    let last: unknown;
    for (let round = 0; round < 200; round++) {
      const found = await api(server, 'GET', `/devices/${encodeURIComponent(ENDPOINT)}/operations`);
      const own = (found.body as unknown as { id: string; state: string; answer?: unknown }[]).find(({ id }) => id === body.id);
      last = own;
      if (own?.state === 'done') return JSON.stringify(own);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new TypeError(`no answer to ${path}: ${JSON.stringify(last)}`);
  };

  it('registers, is read, is challenged by a server that was killed, and is refused without protection', async () => {
    expect(await peer.said<Said>()).toEqual({ did: 'register', code: '2.01' });
    expect(await read('/3/0/9')).toContain('77');
    await server.kill();
    const args = ['--oscore', 'on', '--coap-port', new URL(server.coap).port];
    server = { ...(await startServer({ data: scratch.file('data'), isSecured: true, args })), token: server.token };
    peer.tell('update');
    const updated = await peer.said<Said>();
    expect(updated).toMatchObject({ did: 'update', code: '2.04' });
    expect(updated.protected!.length).toBeGreaterThan(0);
    expect(updated.protected).toEqual(updated.protected!.map(() => true));
    expect(await read('/3/0/0')).toContain('aiocoap');
    peer.tell('pull /fw/no-such-token');
    expect(await peer.said<Said>()).toMatchObject({ did: 'pull', code: '4.04' });
    peer.tell('plain');
    expect(await peer.said<Said>()).toEqual({ did: 'plain', code: '4.01' });
  });
});
