import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeMessage, decodeOscoreOption, openRequest, OPTION, OscoreContext, readOptions } from '@drover/coap';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName, type KeyName } from '@drover/testkit';
import { account, aKey, apply, shown, statesOf, until, world } from '../e2e/bootstrap-world.ts';
import { api, startServer } from '../support/server.ts';
import { JavaPeer } from './java-peer.ts';
import { saySkipped } from './skipped.ts';

jest.setTimeout(180_000);

const java = new JavaPeer('leshan-bootstrap');
const missing = java.build();
if (missing) saySkipped(`bootstrap with Eclipse Leshan: ${missing}`);

(missing ? describe.skip : describe)('Eclipse Leshan, with a factory key and nothing else', () => {
  const scratch = scratchFolder();
  let said: string[] = [];
  let peer: ChildProcess | undefined;

  beforeAll(async () => {
    const [own, authority] = [files('server'), files('enrolment')];
    const certificates = [
      ...['--dtls-key', own.key, '--dtls-certificate', own.certificate],
      ...['--enrolment-key', authority.key, '--enrolment-certificate', authority.certificate],
    ];
    world.server = await startServer({ isSecured: true, args: ['--bootstraps-port', '0', ...certificates] });
    const access = [{ object: 3, owner: 101, rights: [{ server: 101, may: ['Read', 'Execute'] }] }];
    await apply('psk', { match: { endpoint: ['psk*'] }, accounts: [account()], access });
    await apply('rpk', { match: { endpoint: ['rpk*'] }, accounts: [account({ mode: 'RPK' })] });
    await apply('x509', { match: { endpoint: ['x509*'] }, accounts: [account({ mode: 'X509' })] });
  });
  afterEach(() => void peer?.kill('SIGKILL'));
  afterAll(async () => {
    await world.server?.stop();
    scratch.remove();
  });

  function files(name: CertificateName & KeyName): { key: string; certificate: string } {
    const [key, certificate] = [scratch.file(`${name}.key`), scratch.file(`${name}.pem`)];
    writeFileSync(key, privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    writeFileSync(certificate, `-----BEGIN CERTIFICATE-----\n${certificateDer(name).toString('base64')}\n-----END CERTIFICATE-----\n`);
    return { key, certificate };
  }

  async function start(endpoint: string): Promise<void> {
    const { psk } = await aKey(endpoint, 'bootstrap', `factory of ${endpoint}`);
    said = [];
    const args = java.command(world.server.bootstraps, endpoint, psk.identity, Buffer.from(psk.key).toString('hex'));
    peer = spawn('java', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    peer.stdout?.on('data', (chunk) => said.push(...String(chunk).trim().split('\n')));
  }
  const registrations = (): number => said.filter((line) => line === `registered ${world.server.coaps} 101`).length;

  it.each(['psk', 'rpk', 'x509'])('is given a key of its own and registers with it: %s', async (kind) => {
    const endpoint = `${kind}-${randomBytes(3).toString('hex')}`;
    await start(endpoint);
    await until(() => registrations() === 1, 'its registration', 60_000);
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its key in force');
    expect(said[0]).toBe('bootstrapped');
    const view = await shown(endpoint);
    expect(view).toMatchObject({ state: 'finished', sessions: 1, accounts: [{ mode: kind.toUpperCase(), key: 'active' }] });
  });

  // Its OSCORE is an experiment that does not answer an Echo, so it stops at our challenge: what it sends is opened here.
  it('is given a context of OSCORE, and protects its Register with it', async () => {
    const endpoint = `oscore-${randomBytes(3).toString('hex')}`;
    const [key, senderId, recipientId, masterSalt] = [randomBytes(16), Uint8Array.of(0xa1, 2), Uint8Array.of(0x5e), randomBytes(8)];
    const ids = { senderId: 'a102', recipientId: '5e', masterSalt: masterSalt.toString('hex') };
    const credential = { endpoint, kind: 'oscore', key: key.toString('base64'), oscore: ids };
    expect((await api(world.server, 'POST', '/credentials', { credentials: [credential] })).body).toMatchObject({ added: 1 });
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    try {
      const first = once(socket, 'message');
      const uri = `coap://127.0.0.1:${socket.address().port}`;
      await apply('oscore', { match: { endpoint: [endpoint] }, accounts: [account({ mode: 'OSCORE', key: 'Stored' }, uri)] });
      await start(endpoint);
      const { options, payload } = decodeMessage((await first)[0] as Buffer);
      const option = decodeOscoreOption(options.find(({ number }) => number === OPTION.OSCORE)!.value);
      expect(Buffer.from(option.kid!)).toEqual(Buffer.from(senderId));
      const ours = { masterSecret: key, masterSalt, senderId: recipientId, recipientId: senderId };
      const { inner } = openRequest(new OscoreContext(ours, { reserve: 0 }), option, payload);
      expect(readOptions(inner).options).toMatchObject({ uriPath: ['rd'], uriQuery: expect.arrayContaining([`ep=${endpoint}`]) });
      expect(await shown(endpoint)).toMatchObject({ state: 'finished', accounts: [{ mode: 'OSCORE', identity: 'kid:a102' }] });
    } finally {
      socket.close();
    }
  });

  it('is sent for another key, and the one before is revoked', async () => {
    const endpoint = `psk-${randomBytes(3).toString('hex')}`;
    await start(endpoint);
    await until(async () => (await statesOf(endpoint)).join() === 'active', 'its first key in force', 60_000);
    await until(async () => (await api(world.server, 'GET', `/devices/${endpoint}`)).status === 200, 'its registration');
    await api(world.server, 'POST', '/bootstraps/trigger', { endpoints: [endpoint], reason: 'yearly' });
    await until(async () => (await statesOf(endpoint)).join() === 'revoked,active', 'another key', 60_000);
    expect((await shown(endpoint)).wish).toBeUndefined();
    expect(said.filter((line) => line === 'bootstrapped')).toHaveLength(2);
  });
});
