import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Entropy } from '@drover/kernel';
import { suiteOfId, type Suite } from '../crypto/suites.ts';
import { MASTER_SECRET_BYTES } from '../crypto/prf.ts';
import { DtlsError } from '../errors.ts';
import { readAll } from '../handshake/reader.ts';
import { uint, vector } from '../handshake/writer.ts';
import { encodeIdentity, readIdentity } from './identity-codec.ts';
import type { PeerIdentity } from './identity.ts';
import type { ServerSettings } from './settings.ts';

/** What a later handshake needs to go without the key exchange. Always with RFC 7627: a session without it is never resumed. */
export interface Resumable {
  readonly suite: Suite;
  readonly master: Buffer;
  readonly identity: PeerIdentity;
  /** A session for one name must not be resumed under another (RFC 6066 section 3). */
  readonly serverName: string;
  /** Of the full handshake, ms. */
  readonly bornAt: number;
}

const SESSION_ID_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Sessions to be resumed: in the client's hands as a ticket that only we can read (RFC 5077), or in a bounded table by id. The
 * key of the tickets is new with each process. Nothing here says that a credential still counts: that is asked at the time.
 */
export class Resumption {
  readonly #settings: Pick<ServerSettings, 'resumptionMs' | 'maxResumable'>;
  readonly #entropy: Entropy;
  readonly #key: Uint8Array;
  /** In order of birth; each in one piece of memory of its own, as in a ticket. */
  readonly #byId = new Map<string, Buffer>();

  constructor(settings: Pick<ServerSettings, 'resumptionMs' | 'maxResumable'>, entropy: Entropy) {
    this.#settings = settings;
    this.#entropy = entropy;
    this.#key = entropy.bytes(KEY_BYTES);
  }

  get isOff(): boolean {
    return this.#settings.resumptionMs === 0;
  }

  get kept(): number {
    return this.#byId.size;
  }

  drawId(): Buffer {
    return Buffer.from(this.#entropy.bytes(SESSION_ID_BYTES));
  }

  keep(id: Buffer, resumable: Resumable): void {
    if (this.#settings.maxResumable === 0) return;
    if (this.#byId.size >= this.#settings.maxResumable) this.#byId.delete(this.#byId.keys().next().value!);
    const bytes = encodeResumable(resumable);
    const kept = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(kept);
    bytes.fill(0);
    this.#byId.set(id.toString('latin1'), kept);
  }

  /** A fatal alert makes a session unfit to be resumed (RFC 5246 section 7.2.2). A ticket is out of reach: it dies of age. */
  forget(id: string): void {
    this.#byId.delete(id);
  }

  byId(id: Buffer, now: number): Resumable | undefined {
    const kept = this.#byId.get(id.toString('latin1'));
    return kept && this.#whileFresh(decodeResumable(kept), now);
  }

  ticketFor(resumable: Resumable): Buffer {
    const nonce = this.#entropy.bytes(NONCE_BYTES);
    const encryption = createCipheriv('aes-256-gcm', this.#key, nonce);
    const ciphertext = Buffer.concat([encryption.update(encodeResumable(resumable)), encryption.final()]);
    return Buffer.concat([nonce, ciphertext, encryption.getAuthTag()]);
  }

  /** `undefined` for what we did not write, or too long ago: the handshake is then a full one (RFC 5077 section 3.1). */
  byTicket(ticket: Buffer, now: number): Resumable | undefined {
    const end = ticket.length - TAG_BYTES;
    if (end < NONCE_BYTES) return undefined;
    const decryption = createDecipheriv('aes-256-gcm', this.#key, ticket.subarray(0, NONCE_BYTES));
    decryption.setAuthTag(ticket.subarray(end));
    try {
      const plaintext = Buffer.concat([decryption.update(ticket.subarray(NONCE_BYTES, end)), decryption.final()]);
      return this.#whileFresh(decodeResumable(plaintext), now);
    } catch {
      return undefined;
    }
  }

  #whileFresh(found: Resumable | undefined, now: number): Resumable | undefined {
    return found !== undefined && now - found.bornAt < this.#settings.resumptionMs ? found : undefined;
  }
}

function encodeResumable({ suite, master, identity, serverName, bornAt }: Resumable): Buffer {
  const birth = Buffer.alloc(6);
  birth.writeUIntBE(Math.max(0, Math.floor(bornAt)), 0, 6);
  return Buffer.concat([uint(2, suite.id), master, birth, vector(1, Buffer.from(serverName, 'latin1')), encodeIdentity(identity)]);
}

function decodeResumable(bytes: Buffer): Resumable {
  return readAll(bytes, 'ticket', (from) => {
    const suite = suiteOfId(from.uint(2));
    if (suite === undefined) throw new DtlsError('DTLS_DECODE_ERROR', 'a ticket of a suite that we lack');
    const master = from.bytes(MASTER_SECRET_BYTES);
    const bornAt = from.bytes(6).readUIntBE(0, 6);
    return { suite, master, bornAt, serverName: from.vector(1, 0).toString('latin1'), identity: readIdentity(from) };
  });
}
