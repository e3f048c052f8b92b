import { timingSafeEqual } from 'node:crypto';
import { extendedMasterSecret, keyBlock, masterSecret, verifyData, type Randoms } from '../crypto/prf.ts';
import type { Suite } from '../crypto/suites.ts';
import { DtlsError } from '../errors.ts';
import type { Transcript } from '../handshake/transcript.ts';
import { Channel } from '../record/channel.ts';
import { wipeKeys } from '../record/packed-keys.ts';

export interface Agreed {
  readonly suite: Suite;
  readonly randoms: Randoms;
  readonly extendedMasterSecret: boolean;
  /** Connection IDs that the two want in records to them; empty: none. */
  readonly clientCid: Uint8Array;
  readonly serverCid: Uint8Array;
  /** Most bytes of content that the peer takes in a record. */
  readonly recordLimit: number;
}

/** The master secret of a full handshake; the transcript ends with ClientKeyExchange (RFC 7627 section 4). Wipes the premaster. */
export function deriveMaster(premaster: Buffer, { extendedMasterSecret: isExtended, randoms }: Agreed, transcript: Transcript): Buffer {
  const master = isExtended ? extendedMasterSecret(premaster, transcript.hash()) : masterSecret(premaster, randoms);
  premaster.fill(0);
  return master;
}

/** A line as protocol analysers read it: with it, whoever has recorded this session can read it. */
export const keyLogLine = ({ randoms }: Agreed, master: Buffer): string =>
  `CLIENT_RANDOM ${Buffer.from(randoms.client).toString('hex')} ${master.toString('hex')}`;

export function channelFor(role: 'client' | 'server', master: Buffer, agreed: Agreed): Channel {
  const { suite, randoms, clientCid, serverCid, recordLimit } = agreed;
  const keys = keyBlock(suite.cipher, master, randoms);
  const channel = new Channel({
    cipher: suite.cipher,
    write: keys[role],
    read: role === 'client' ? keys.server : keys.client,
    writeCid: role === 'client' ? serverCid : clientCid,
    readCid: role === 'client' ? clientCid : serverCid,
    recordLimit,
  });
  wipeKeys(keys.client, keys.server);
  return channel;
}

/** Finished of the peer (RFC 5246 section 7.4.9), compared in constant time; the transcript ends before it. */
export function requireFinished(body: Uint8Array, expected: Buffer): void {
  if (body.length !== expected.length) throw new DtlsError('DTLS_DECODE_ERROR', `Finished of ${body.length} bytes`);
  if (!timingSafeEqual(body, expected)) throw new DtlsError('DTLS_DECRYPT_ERROR', 'Finished is over another handshake');
}

export const finishedOf = (sender: 'client' | 'server', master: Buffer, transcript: Transcript): Buffer =>
  verifyData(master, sender, transcript.hash());
