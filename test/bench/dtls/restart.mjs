// A server that comes back after a crash: states are read, decrypted and taken up, and then every device says something.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { addressOf, deviceOf, serverFor, stateOf } from './sessions.mjs';

const APPLICATION_DATA = 23;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** As they lie in the store: each encrypted with the key that is not in it. */
function seal(key, state) {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(state), cipher.final(), cipher.getAuthTag()]);
}

function open(key, sealed) {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

/** Seconds until the first record of a device was taken, and how many devices were heard of all. */
export async function restart(count, progress) {
  const key = randomBytes(32);
  progress(`${count} sessions are written down`);
  const store = Array.from({ length: count }, (_, i) => seal(key, stateOf(i)));
  const records = Array.from({ length: count }, (_, i) => deviceOf(i).seal(APPLICATION_DATA, Buffer.from(`device ${i}`)));
  progress('the server comes back');
  const started = performance.now();
  const heard = new Set();
  let firstAt;
  const server = serverFor((output) => {
    if (output.type !== 'data') return;
    firstAt ??= performance.now();
    heard.add(output.bytes.toString());
  });
  for (const sealed of store) server.restore(open(key, sealed), 'crashed', 0);
  const restoredAt = performance.now();
  for (let i = 0; i < count; i++) server.receive(addressOf(i), records[i], 0);
  return { sessions: server.load.sessions, restoredSeconds: (restoredAt - started) / 1000, firstSeconds: (firstAt - started) / 1000, heard: heard.size };
}
