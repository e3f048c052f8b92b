import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { api, startServer, type TestServer } from '../support/server.ts';
import { SecuredDevice } from '../support/secured-device.ts';
import { TlsDevice } from '../support/tls-device.ts';

const folder = mkdtempSync(join(tmpdir(), 'drover-key-log-'));
const file = join(folder, 'secrets.txt');
/** In a datagram: record header, handshake header, version. */
const RANDOM_AT = 13 + 12 + 2;
const psk = { identity: 'urn:dev:analysed', key: randomBytes(32) };
let server: TestServer;

beforeAll(async () => {
  writeFileSync(file, '# of an earlier run\n', { mode: 0o644 });
  server = await startServer({ isSecured: true, args: ['--dev-key-log', file, '--coaps-tcp-port', '0'] });
  await api(server, 'POST', '/credentials', {
    credentials: [{ endpoint: psk.identity, kind: 'psk', key: psk.key.toString('base64') }],
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const lines = (): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

describe('--dev-key-log', () => {
  it('writes the secret of a DTLS session under the random of its client, for the owner of the file alone', async () => {
    const device = await SecuredDevice.start(server.coaps, { psk });
    await device.connect();
    const random = device.wire.find(({ from }) => from === 'device')!.bytes.subarray(RANDOM_AT, RANDOM_AT + 32);
    expect(lines()).toEqual(['# of an earlier run', expect.stringMatching(`^CLIENT_RANDOM ${random.toString('hex')} [0-9a-f]{96}$`)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    device.close();
  });

  it('writes that of a TLS session', async () => {
    const device = await TlsDevice.withKey(server.coapsTcp, psk.identity, psk.key);
    expect(lines().at(-1)).toMatch(/^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/);
    device.close();
  });

  it('is said in the health and in the log of the auditor', async () => {
    expect((await api<{ warnings: string[] }>(server, 'GET', '/health')).body.warnings).toEqual([
      expect.stringContaining('secrets of sessions'),
    ]);
    const { body } = await api<{ records: { type: string; details: object }[] }>(server, 'GET', '/audit?limit=1000');
    expect(JSON.stringify(body)).toContain('"keyLog":true');
  });
});
