import { CONTENT, type DtlsRecord } from '../record/record.ts';
import { decodeAlert, type Alert } from '../alerts.ts';
import { DtlsError } from '../errors.ts';
import { MESSAGE, readFragments, type HandshakeMessage } from '../handshake/message.ts';
import type { Conversation } from './conversation.ts';

/** A side of a handshake: what the messages mean. */
export interface HandshakeRole {
  /** The peer has changed its cipher where it may: protected records can be read. */
  readonly canRead: boolean;
  /** Ours are protected from now on. */
  readonly hasSentFinished: boolean;
  onChangeCipherSpec(): void;
  /** @returns whether a new flight of ours stands in the conversation */
  onMessage(message: HandshakeMessage): boolean;
  wipe(): void;
}

/**
 * `answered`: our next flight is to go out. `repeated`: the peer has not received our last one. `forged`: a protected record that our keys do not
 * open; the keys may differ.
 */
export type Heard = 'nothing' | 'answered' | 'repeated' | 'forged' | { readonly alert: Alert };

/** Messages that end a flight: one of them again means that all of its flight came again (RFC 6347 section 4.2.4). */
const LAST_OF_A_FLIGHT: ReadonlySet<number> = new Set([MESSAGE.client_hello, MESSAGE.server_hello_done, MESSAGE.finished]);

/** Records of a handshake, by epoch and kind, to the role. Throws `DtlsError` for what ends the handshake; drops what anybody may have sent. */
export class HandshakeDriver {
  readonly #conversation: Conversation;
  readonly #role: HandshakeRole;

  constructor(conversation: Conversation, role: HandshakeRole) {
    this.#conversation = conversation;
    this.#role = role;
  }

  hear(record: DtlsRecord): Heard {
    if (record.epoch === 0) return this.#hearPlain(record);
    const { channel } = this.#conversation;
    if (channel === undefined || !this.#role.canRead) return 'nothing';
    const opened = channel.open(record);
    if (opened === 'forged') return 'forged';
    if (opened === 'overflow') throw new DtlsError('DTLS_RECORD_OVERFLOW', 'a record of more than 2^14 bytes');
    if (opened === 'empty') throw new DtlsError('DTLS_UNEXPECTED_MESSAGE', 'a record without a type');
    if (typeof opened === 'string') return 'nothing';
    const { type, bytes } = opened.content;
    if (type === CONTENT.handshake) return this.#hearMessages(bytes, true);
    if (type === CONTENT.alert) return heardAlert(bytes);
    // Data that has overtaken Finished: lost, as datagrams are.
    if (type === CONTENT.application_data) return 'nothing';
    throw new DtlsError('DTLS_UNEXPECTED_MESSAGE', `content of type ${type} before Finished`);
  }

  #hearPlain({ type, version, fragment }: DtlsRecord): Heard {
    if (version >> 8 !== 0xfe) return 'nothing';
    if (type === CONTENT.handshake) return this.#hearMessages(fragment, false);
    if (type === CONTENT.alert) return heardAlert(fragment);
    if (type === CONTENT.change_cipher_spec && fragment.length === 1 && fragment[0] === 1) this.#role.onChangeCipherSpec();
    return 'nothing';
  }

  #hearMessages(content: Buffer, isProtected: boolean): Heard {
    let heard: Heard = 'nothing';
    for (const fragment of readFragments(content) ?? []) {
      if (fragment.type === MESSAGE.hello_request) continue;
      // Finished is the one message that is protected; any other epoch is somebody else's.
      if ((fragment.type === MESSAGE.finished) !== isProtected) {
        if (isProtected) throw new DtlsError('DTLS_UNEXPECTED_MESSAGE', `protected message ${fragment.type}`);
        continue;
      }
      if (this.#conversation.hear(fragment) === 'old' && LAST_OF_A_FLIGHT.has(fragment.type)) heard = 'repeated';
    }
    for (let message = this.#conversation.take(); message !== undefined; message = this.#conversation.take()) {
      if (this.#role.onMessage(message)) heard = 'answered';
    }
    return heard;
  }
}

function heardAlert(bytes: Uint8Array): Heard {
  const alert = decodeAlert(bytes);
  return alert === undefined ? 'nothing' : { alert };
}
