import { createSecretKey } from 'node:crypto';
import type { DirectionKeys } from '../crypto/prf.ts';
import { openRecord, OVERHEAD, sealRecord } from '../crypto/protection.ts';
import type { Content } from './inner-plaintext.ts';
import { MAX_SEQUENCE, CONTENT, RECORD_HEADER_BYTES, VERSION_1_2, type DtlsRecord } from './record.ts';
import { PackedKeys, type KeyParts } from './packed-keys.ts';
import { ReplayWindow } from './replay-window.ts';

/** The only protected epoch there is: renegotiation, which would begin another, is refused. */
const PROTECTED_EPOCH = 1;

export interface ChannelParts extends KeyParts {
  /** Most bytes of content that the peer takes in one record. */
  readonly recordLimit: number;
}

/** Where the numbers of both directions stand. */
export interface ChannelNumbers {
  readonly sendNext: number;
  /** Everything up to and including it counts as received; -1: nothing. */
  readonly receivedFloor: number;
}

/**
 * `stray`: of another epoch, version or Connection ID; `replayed`: its number came already, or is too old. Both are found out before any
 * cipher runs, and neither means anything.
 */
export type Received =
  | { readonly content: Content; readonly sequence: number; readonly isNewest: boolean }
  | 'stray'
  | 'replayed'
  | 'forged'
  | 'empty'
  | 'overflow';

/** Both directions of one session's protected records (RFC 6347 section 4.1). */
export class Channel {
  readonly recordLimit: number;
  readonly #keys: PackedKeys;
  #sendNext: number;
  #window: ReplayWindow;
  /** Both directions ready for use. Most sessions are silent and have none: it is more than all else of a session. */
  #atHand?: Pick<KeyParts, 'write' | 'read' | 'writeCid'>;

  constructor(parts: ChannelParts, numbers: ChannelNumbers = { sendNext: 0, receivedFloor: -1 }) {
    this.recordLimit = parts.recordLimit;
    this.#keys = new PackedKeys(parts);
    this.#sendNext = numbers.sendNext;
    this.#window = new ReplayWindow(numbers.receivedFloor);
  }

  /** Views of what it holds. */
  get parts(): ChannelParts {
    const { cipher, write, read, writeCid, readCid } = this.#keys;
    return { cipher, write, read, writeCid, readCid, recordLimit: this.recordLimit };
  }

  get writeCid(): Uint8Array {
    return this.#keys.writeCid;
  }

  get readCid(): Uint8Array {
    return this.#keys.readCid;
  }

  get sendNext(): number {
    return this.#sendNext;
  }

  get received(): number {
    return this.#window.highest;
  }

  /** No number is left but the last, which is never used: the session must end, or a nonce would come again (RFC 6347 section 4.1). */
  get isSpent(): boolean {
    return this.#sendNext >= MAX_SEQUENCE;
  }

  /** Bytes that a record is longer than its content. */
  get overhead(): number {
    const cid = this.#keys.writeCidBytes;
    return RECORD_HEADER_BYTES + cid + (cid > 0 ? 1 : 0) + OVERHEAD[this.#keys.cipher];
  }

  /** Only while it is not spent. */
  seal(type: number, bytes: Buffer): Buffer {
    const { cipher } = this.#keys;
    const { write, writeCid } = this.#atHand ?? this.#keys;
    const sequence = this.#sendNext++;
    return sealRecord({ cipher, keys: write }, { epoch: PROTECTED_EPOCH, sequence, cid: writeCid }, { type, bytes });
  }

  open(record: DtlsRecord): Received {
    if (!this.#isOurs(record)) return 'stray';
    if (!this.#window.isNew(record.sequence)) return 'replayed';
    const content = openRecord({ cipher: this.#keys.cipher, keys: (this.#atHand ?? this.#keys).read }, record);
    if (content === 'forged') return content;
    const isNewest = record.sequence > this.#window.highest;
    this.#window.mark(record.sequence);
    return typeof content === 'string' ? content : { content, sequence: record.sequence, isNewest };
  }

  /** Whoever opens a record has shown that lower numbers are not to be expected any more. */
  forgetBefore(sequence: number): void {
    this.#window = new ReplayWindow(sequence);
  }

  /** After a crash: sending goes on behind what was reserved. */
  skipTo(sendNext: number): void {
    this.#sendNext = Math.max(this.#sendNext, sendNext);
  }

  get hasKeysAtHand(): boolean {
    return this.#atHand !== undefined;
  }

  /** For many records one after the other: about 2 KB, until `putKeysAway`. */
  takeKeysToHand(): void {
    const { write, read, writeCid } = this.#keys;
    this.#atHand = { write: withObject(write), read: withObject(read), writeCid };
  }

  putKeysAway(): void {
    this.#atHand = undefined;
  }

  wipe(): void {
    this.putKeysAway();
    this.#keys.wipe();
  }

  /** Where we have asked for a Connection ID, a record without it is nobody's (RFC 9146 section 3). */
  #isOurs({ epoch, version, type, cid }: DtlsRecord): boolean {
    if (epoch !== PROTECTED_EPOCH || version !== VERSION_1_2) return false;
    return (type === CONTENT.tls12_cid) === cid.length > 0 && this.#keys.isReadCid(cid);
  }
}

const withObject = (keys: DirectionKeys): DirectionKeys => ({ ...keys, keyObject: createSecretKey(keys.key) });
