import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { codeText, type CoapRequest, type IncomingResponse } from '@drover/coap';
import { makeRequest } from '@drover/dtls';
import { certificateDer, privateKeyOf, scratchFolder, type CertificateName, type KeyName } from '@drover/testkit';
import { api, startServer } from '../support/server.ts';
import { SecuredDevice } from '../support/secured-device.ts';
import { UdpDevice } from '../support/udp-device.ts';
import {
  account,
  aFactoryDevice,
  aKey,
  anEndpoint,
  apply,
  audited,
  credentialsOf,
  registers,
  statesOf,
  until,
  world,
} from './bootstrap-world.ts';

// Enrolment over CoAP (EST, RFC 9148): from the key of a factory to a certificate for a key that never leaves the device.

jest.setTimeout(60_000);

const [CERTS_ONLY, PKCS10, PKIX_CERT] = [281, 286, 287];
const scratch = scratchFolder();

const pem = (name: CertificateName): string =>
  `-----BEGIN CERTIFICATE-----\n${certificateDer(name).toString('base64')}\n-----END CERTIFICATE-----\n`;
const keyPem = (name: KeyName): string => privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' }) as string;

function written(name: string, content: string): string {
  writeFileSync(scratch.file(name), content, { mode: 0o600 });
  return scratch.file(name);
}

const OWN = (): string[] => [
  ...['--dtls-key', written('server.key', keyPem('server')), '--dtls-certificate', written('server.pem', pem('server'))],
  ...['--bootstraps-port', '0', '--bootstrap-port', '0', '--bootstrap-no-sec', 'allowed'],
];
const AUTHORITY = (): string[] => [
  ...['--enrolment-key', written('ca.key', keyPem('enrolment')), '--enrolment-certificate', written('ca.pem', pem('enrolment'))],
];

beforeAll(async () => {
  world.server = await startServer({ args: [...OWN(), ...AUTHORITY(), '--enrolment-days', '30'] });
  await apply('meters', { match: { endpoint: ['urn:dev:*'] }, accounts: [account({ mode: 'EST' })] });
  await apply('others', { match: { endpoint: ['urn:psk:*'] }, accounts: [account()] });
});
afterEach(() => world.open.splice(0).forEach((each) => each.close()));
afterAll(async () => {
  await world.server.stop();
  scratch.remove();
});

const aKeyPair = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

function asks(device: SecuredDevice, payload: Uint8Array, more: Partial<CoapRequest> = {}): Promise<IncomingResponse> {
  return device.request({
    method: 'POST',
    path: ['.well-known', 'est', 'sen'],
    contentFormat: PKCS10,
    accept: PKIX_CERT,
    payload,
    ...more,
  });
}

/** A device that has come with its factory key, and what it was given. */
async function enrolled(): Promise<{ endpoint: string; device: SecuredDevice; privateKey: KeyObject; certificate: X509Certificate }> {
  const { endpoint, device } = await aFactoryDevice();
  const privateKey = aKeyPair();
  const { code, payload, options } = await asks(device.device, makeRequest(privateKey, endpoint));
  expect([codeText(code), options.contentFormat]).toEqual(['2.04', PKIX_CERT]);
  return { endpoint, device: device.device, privateKey, certificate: new X509Certificate(payload) };
}

describe('a device with a factory key', () => {
  it('is told to enrol, has its own key certified, and registers with that', async () => {
    const { endpoint, device } = await aFactoryDevice();
    expect((await device.ask([`ep=${endpoint}`])).code).toBe('2.04');
    await until(() => device.memory.isFinished);
    expect([device.memory.values.get('/0/1/2'), Buffer.from(device.memory.values.get('/0/1/4') as Uint8Array)]).toEqual([
      4,
      certificateDer('server'),
    ]);
    const privateKey = aKeyPair();
    const { payload } = await asks(device.device, makeRequest(privateKey, endpoint));
    const certificate = new X509Certificate(payload);
    expect([certificate.subject, certificate.checkPrivateKey(privateKey), certificate.ca]).toEqual([`CN=${endpoint}`, true, false]);
    expect(Math.round((certificate.validToDate.getTime() - Date.now()) / 86_400_000)).toBe(30);
    expect(await statesOf(endpoint)).toEqual(['next']);
    await registers(endpoint, { own: { privateKey, chain: [Buffer.from(payload)] } });
    await until(async () => (await statesOf(endpoint)).join() === 'active');
    const told = (await audited('certificate-enrolled')).filter((event) => event.endpoint === endpoint);
    expect(told).toMatchObject([{ details: { serial: certificate.serialNumber, identity: `bootstrap ${endpoint}` } }]);
  });

  it('sees who certifies', async () => {
    const { device } = await aFactoryDevice();
    const shown = await device.device.request({ method: 'GET', path: ['est', 'crts'], accept: PKIX_CERT });
    expect([codeText(shown.code), Buffer.from(shown.payload)]).toEqual(['2.05', certificateDer('enrolment')]);
  });

  it('gets certs-only where it does not say what it takes, in blocks if it wants, and may ask in blocks', async () => {
    const { endpoint, device } = await aFactoryDevice();
    const request = makeRequest(aKeyPair(), endpoint);
    const part = (num: number, more: boolean): Promise<IncomingResponse> =>
      asks(device.device, request.subarray(num * 128, (num + 1) * 128), { accept: undefined, block1: { num, more, szx: 3 } });
    expect(codeText((await part(0, true)).code)).toBe('2.31');
    const { code, options, payload } = await part(1, false);
    expect([codeText(code), options.contentFormat]).toEqual(['2.04', CERTS_ONLY]);
    expect(Buffer.from(payload).subarray(4, 15).toString('hex')).toBe('06092a864886f70d010702');
  });

  it('enrols again with another key: both open until it has come with the new one, then the old one is revoked', async () => {
    const { endpoint, device, privateKey, certificate } = await enrolled();
    const before = { own: { privateKey, chain: [certificate.raw] } };
    await registers(endpoint, before);
    const another = aKeyPair();
    const { code, payload } = await asks(device, makeRequest(another), { path: ['est', 'sren'] });
    expect(codeText(code)).toBe('2.04');
    expect(new X509Certificate(payload).serialNumber).not.toBe(certificate.serialNumber);
    await registers(endpoint, before);
    expect((await statesOf(endpoint)).sort()).toEqual(['active', 'next']);
    await registers(endpoint, { own: { privateKey: another, chain: [Buffer.from(payload)] } });
    await until(async () => (await statesOf(endpoint)).sort().join() === 'active,revoked');
    await expect(registers(endpoint, before)).rejects.toThrow('access_denied');
  });

  it('has its key certified anew: the certificate before it is good until it ends', async () => {
    const { endpoint, device, privateKey, certificate } = await enrolled();
    const { payload } = await asks(device, makeRequest(privateKey, endpoint), { path: ['est', 'sren'] });
    for (const chain of [[certificate.raw], [Buffer.from(payload)]]) await registers(endpoint, { own: { privateKey, chain } });
    expect(await statesOf(endpoint)).toEqual(['active']);
  });

  it('revoked: its certificate opens nothing any more, and it is given no other', async () => {
    const { endpoint, device, privateKey, certificate } = await enrolled();
    const own = { privateKey, chain: [certificate.raw] };
    await registers(endpoint, { own });
    const { identity } = (await credentialsOf(endpoint)).find(({ kind }) => kind === 'x509')!;
    await api(world.server, 'POST', '/credentials/revoke', { endpoint, identity, reason: 'stolen' });
    await expect(registers(endpoint, { own })).rejects.toThrow('access_denied');
    const answer = await asks(device, makeRequest(aKeyPair(), endpoint));
    expect([codeText(answer.code), Buffer.from(answer.payload).toString()]).toEqual(['4.00', 'CREDENTIAL_REVOKED']);
  });
});

describe('is refused', () => {
  it.each<[string, (endpoint: string) => Uint8Array, string]>([
    ['the name of another', () => makeRequest(aKeyPair(), 'urn:dev:victim'), 'SUBJECT_NOT_YOURS'],
    ['what is no request', () => Buffer.from('hello'), 'CSR_INVALID'],
    ['a request for a key that it does not have', (endpoint) => forged(endpoint), 'CSR_SIGNATURE'],
  ])('%s', async (_, make, why) => {
    const { endpoint, device } = await aFactoryDevice();
    const { code, payload } = await asks(device.device, make(endpoint));
    expect([codeText(code), Buffer.from(payload).toString()]).toEqual(['4.00', why]);
    expect(await statesOf(endpoint)).toEqual([]);
    await until(async () =>
      (await audited('bootstrap-refused')).some((event) => event.endpoint === endpoint && event.details['code'] === why),
    );
  });

  it('a device whose template does not let it enrol', async () => {
    const { endpoint, device } = await aFactoryDevice(anEndpoint('urn:psk'));
    const { code, payload } = await asks(device.device, makeRequest(aKeyPair(), endpoint));
    expect([codeText(code), Buffer.from(payload).toString()]).toEqual(['4.00', 'NO_ENROLMENT']);
  });

  it.each<[string, Partial<CoapRequest>, string]>([
    ['another format', { contentFormat: 0 }, '4.15'],
    ['an answer in another format', { accept: 0 }, '4.06'],
    ['another method', { method: 'PUT' }, '4.05'],
    ['a function that is not here', { path: ['est', 'skg'] }, '4.04'],
  ])('%s', async (_, more, expected) => {
    const { endpoint, device } = await aFactoryDevice();
    expect(codeText((await asks(device.device, makeRequest(aKeyPair(), endpoint), more)).code)).toBe(expected);
  });

  it('whoever comes without security', async () => {
    const plain = await UdpDevice.start(world.server.bootstrap, () => ({ code: '4.04' }));
    world.open.push(plain);
    expect(codeText(await plain.ask('POST', ['est', 'sen']))).toBe('4.00');
    expect(codeText(await plain.ask('GET', ['est', 'crts']))).toBe('4.00');
  });

  it('whoever has a key for registrations: that one opens no bootstrap, nor enrolment', async () => {
    const { psk } = await aKey(anEndpoint(), 'management');
    const device = await SecuredDevice.start(world.server.bootstraps, { psk });
    world.open.push(device);
    await expect(device.connect()).rejects.toThrow(/refused by|timeout/);
  });
});

/** A request of somebody else, its name overwritten: the signature is of what it was. */
function forged(endpoint: string): Uint8Array {
  const request = makeRequest(aKeyPair(), endpoint.replace(/.$/, '?'));
  request.write(endpoint, request.indexOf(endpoint.slice(0, -1)));
  return request;
}

describe('a server without an authority', () => {
  it('has nothing to enrol with, and says so to whom a template sends there', async () => {
    const before = world.server;
    world.server = await startServer({ args: OWN() });
    try {
      await apply('meters', { match: { endpoint: ['urn:dev:*'] }, accounts: [account({ mode: 'EST' })] });
      const { endpoint, device } = await aFactoryDevice();
      expect(codeText((await asks(device.device, makeRequest(aKeyPair(), endpoint))).code)).toBe('4.04');
      expect(await device.ask([`ep=${endpoint}`])).toMatchObject({ code: '4.00', why: 'ENROLMENT_OFF' });
    } finally {
      await world.server.stop();
      world.server = before;
    }
  });

  it.each([
    ['the key alone', () => AUTHORITY().slice(0, 2)],
    [
      'a certificate that may not sign',
      () => ['--enrolment-key', written('d.key', keyPem('device')), '--enrolment-certificate', written('d.pem', pem('device'))],
    ],
  ])('does not start with %s', async (_, args) => {
    await expect(startServer({ args: [...OWN(), ...args()] })).rejects.toThrow('CERTIFICATE_INVALID');
  });
});
