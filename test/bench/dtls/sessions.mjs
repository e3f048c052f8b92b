// Sessions in any number, as a store would hand them to a server: each with keys, Connection ID, identity and address of its own.
import { createHash, randomBytes } from 'node:crypto';
import { Entropy } from '@drover/kernel';
import { DtlsServer, PeerTrust } from '@drover/dtls';
import { Channel } from '../../../libs/dtls/dist/record/channel.js';
import { encodeSession } from '../../../libs/dtls/dist/machine/session-codec.js';

export const CID_BYTES = 8;
export const RESERVE = 64;
export const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

export class SystemEntropy extends Entropy {
  bytes(count) {
    return new Uint8Array(randomBytes(count));
  }
}

/** Every identity has the same key: what is measured does not depend on it. */
export class OneKey extends PeerTrust {
  pskOf() {
    return KEY;
  }

  verifyPeer() {
    return { name: 'anybody' };
  }
}

export const identityOf = (i) => Buffer.from(`urn:imei:${String(i).padStart(15, '0')}`);
export const addressOf = (i) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}:${20_000 + (i % 40_000)}`;

export const serverFor = (sink, settings = {}) =>
  new DtlsServer({ sink, entropy: new SystemEntropy(), trust: new OneKey(), own: settings.own }, { reserve: RESERVE, cidBytes: CID_BYTES, ...settings.server });

const keysOf = (i, side) => {
  const secret = createHash('sha256').update(`${side} ${i}`).digest();
  return { mac: Buffer.alloc(0), key: secret.subarray(0, 16), iv: secret.subarray(16, 20) };
};
const cidOf = (i) => {
  const cid = Buffer.alloc(CID_BYTES);
  cid.writeUInt32BE(i, 4);
  return cid;
};

const partsOf = (i, side) => ({
  cipher: 'aes-128-ccm-8',
  write: keysOf(i, side),
  read: keysOf(i, side === 'server' ? 'client' : 'server'),
  writeCid: side === 'server' ? new Uint8Array(0) : cidOf(i),
  readCid: side === 'server' ? cidOf(i) : new Uint8Array(0),
  recordLimit: 16_384,
});

/** The device's side of the i-th session, about to send its first record behind the handshake. */
export const deviceOf = (i) => new Channel(partsOf(i, 'client'), { sendNext: 1, receivedFloor: 0 });

/** The i-th session as it was saved when it opened. */
export function stateOf(i) {
  const session = {
    channel: new Channel(partsOf(i, 'server'), { sendNext: 1, receivedFloor: 0 }),
    identity: { kind: 'psk', identity: identityOf(i) },
    serverName: '',
    suite: 'TLS_PSK_WITH_AES_128_CCM_8',
    path: { proven: addressOf(i) },
    trustedFrom: 0,
  };
  return encodeSession(session, { send: 1 + RESERVE, receive: RESERVE });
}
