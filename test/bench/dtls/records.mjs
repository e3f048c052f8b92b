// Records sealed and opened by the machines, beside what node:crypto takes for the same bytes under the same cipher with nothing around it.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { DtlsClient } from '@drover/dtls';
import { KEY, OneKey, serverFor, SystemEntropy } from './sessions.mjs';

export const SUITES = { 'CCM_8': 'TLS_PSK_WITH_AES_128_CCM_8', GCM: 'TLS_PSK_WITH_AES_128_GCM_SHA256' };
const CIPHERS = { CCM_8: ['aes-128-ccm', 8], GCM: ['aes-128-gcm', 16] };
const RUN_MS = 1000;
const LOT = 500;

/** A server and a client of it, with a session, and no wire between them. */
function pair(suite) {
  const heard = { count: 0 };
  let toServer = [];
  let toClient = [];
  let session;
  const server = serverFor(
    (output) => {
      if (output.type === 'datagram') toClient.push(output.bytes);
      else if (output.type === 'opened') session = output.session;
      else if (output.type === 'data') heard.count += 1;
    },
    { server: { reserve: 0 } },
  );
  const sink = (output) => output.type === 'datagram' && toServer.push(output.bytes);
  const client = new DtlsClient({ sink, entropy: new SystemEntropy(), trust: new OneKey(), psk: { identity: Buffer.from('device'), key: KEY }, server: 'server' }, { suites: [SUITES[suite]] });
  client.connect(0);
  const take = () => {
    for (const bytes of toServer.splice(0)) server.receive('192.0.2.1:1', bytes, 0);
    for (const bytes of toClient.splice(0)) client.receive(bytes, 0);
  };
  while (toServer.length + toClient.length > 0) take();
  if (session === undefined) throw new Error('no session');
  return { client, server, heard, take };
}

/** Client seals, server opens; one core does both. */
export function machines(suite, size) {
  const { client, heard, take } = pair(suite);
  const payload = randomBytes(size);
  const rate = perSecond(() => {
    client.send(payload);
    take();
  });
  if (heard.count !== rate.count) throw new Error(`${heard.count} of ${rate.count} records were opened`);
  return { perSecond: rate.perSecond };
}

/** With key object, nonce and additional data made beforehand: no record, no window, no session. */
export function bare(suite, size) {
  const [cipher, authTagLength] = CIPHERS[suite];
  const [key, nonce, aad, payload] = [createSecretKey(randomBytes(16)), randomBytes(12), randomBytes(31), randomBytes(size)];
  const { perSecond: rate } = perSecond(() => {
    const sealing = createCipheriv(cipher, key, nonce, { authTagLength });
    sealing.setAAD(aad, { plaintextLength: size });
    const ciphertext = sealing.update(payload);
    sealing.final();
    const opening = createDecipheriv(cipher, key, nonce, { authTagLength });
    opening.setAuthTag(sealing.getAuthTag());
    opening.setAAD(aad, { plaintextLength: size });
    opening.update(ciphertext);
    opening.final();
  });
  return { perSecond: rate };
}

function perSecond(once) {
  let count = 0;
  const started = performance.now();
  while (performance.now() - started < RUN_MS) {
    for (let i = 0; i < LOT; i++) once();
    count += LOT;
  }
  return { count, perSecond: count / ((performance.now() - started) / 1000) };
}
