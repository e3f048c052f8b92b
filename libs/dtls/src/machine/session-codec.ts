import { KEY_SIZES, type DirectionKeys } from '../crypto/prf.ts';
import { suiteNamed, suiteOfId, type Suite } from '../crypto/suites.ts';
import { DtlsError } from '../errors.ts';
import { readAll, type Reader } from '../handshake/reader.ts';
import { uint, vector } from '../handshake/writer.ts';
import { Channel } from '../record/channel.ts';
import { wipeKeys } from '../record/packed-keys.ts';
import { MAX_SEQUENCE } from '../record/record.ts';
import { encodeIdentity, readIdentity } from './identity-codec.ts';
import type { PeerIdentity } from './identity.ts';
import type { Marks } from './reservation.ts';
import type { ServerSession } from './session.ts';

const FORMAT = 1;
const NUMBER_BYTES = 6;

/** A session as it is kept: about 150 bytes and the identity. It holds keys, and is to be kept encrypted. */
export interface SavedSession {
  readonly identity: PeerIdentity;
  readonly serverName: string;
  readonly address: string;
  readonly suite: Suite;
  /** Where the numbers stood when it was written. */
  readonly channel: Channel;
  /** Lower numbers were in doubt already. */
  readonly trustedFrom: number;
  /** How far they may have come since, if nothing newer was written; `undefined` where nothing was reserved. */
  readonly marks?: Marks;
}

const number = (value: number): Buffer => {
  const out = Buffer.alloc(NUMBER_BYTES);
  out.writeUIntBE(value, 0, NUMBER_BYTES);
  return out;
};

const keysOf = ({ mac, key, iv }: DirectionKeys): Buffer => Buffer.concat([mac, key, iv]);

/** @param marks `undefined` where nothing is reserved: then the state is good only if no other process used it since */
export function encodeSession(session: ServerSession, marks: Marks | undefined): Buffer {
  const { channel, identity, serverName, suite, path } = session;
  const { write, read, writeCid, readCid, recordLimit } = channel.parts;
  return Buffer.concat([
    uint(1, FORMAT),
    uint(2, suiteNamed(suite).id),
    keysOf(write),
    keysOf(read),
    vector(1, writeCid),
    vector(1, readCid),
    uint(2, recordLimit),
    number(channel.sendNext),
    number(Math.min(channel.received + 1, MAX_SEQUENCE)),
    number(session.trustedFrom),
    uint(1, marks === undefined ? 0 : 1),
    ...(marks === undefined ? [] : [number(marks.send), number(marks.receive + 1)]),
    vector(1, Buffer.from(path.proven, 'utf8')),
    vector(1, Buffer.from(serverName, 'latin1')),
    encodeIdentity(identity),
  ]);
}

/** Refuses with `DTLS_STATE_INVALID` whatever `encodeSession` did not write. */
export function decodeSession(bytes: Uint8Array): SavedSession {
  try {
    return readAll(bytes, 'session', readSession);
  } catch (error) {
    if (!(error instanceof DtlsError)) throw error;
    throw new DtlsError('DTLS_STATE_INVALID', error.message);
  }
}

function readSession(from: Reader): SavedSession {
  if (from.uint(1) !== FORMAT) throw new DtlsError('DTLS_STATE_INVALID', 'a session in a form that we do not know');
  const suite = suiteOfId(from.uint(2));
  if (suite === undefined) throw new DtlsError('DTLS_STATE_INVALID', 'a session of a suite that we do not know');
  const { cipher } = suite;
  const parts = {
    cipher,
    write: readKeys(from, suite),
    read: readKeys(from, suite),
    writeCid: from.vector(1, 0),
    readCid: from.vector(1, 0),
    recordLimit: from.uint(2),
  };
  const channel = new Channel(parts, { sendNext: readNumber(from), receivedFloor: readNumber(from) - 1 });
  wipeKeys(parts.write, parts.read);
  const trustedFrom = readNumber(from);
  const hasMarks = from.uint(1) === 1;
  const marks = hasMarks ? { send: readNumber(from), receive: readNumber(from) - 1 } : undefined;
  const address = from.text(1, 1);
  return { suite, channel, trustedFrom, marks, address, serverName: from.vector(1, 0).toString('latin1'), identity: readIdentity(from) };
}

function readKeys(from: Reader, { cipher }: Suite): DirectionKeys {
  const { mac, key, iv } = KEY_SIZES[cipher];
  return { mac: from.bytes(mac), key: from.bytes(key), iv: from.bytes(iv) };
}

const readNumber = (from: Reader): number => from.bytes(NUMBER_BYTES).readUIntBE(0, NUMBER_BYTES);
