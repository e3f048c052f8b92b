import { sha256 } from '../crypto/prf.ts';
import { encodeMessage, type HandshakeMessage } from './message.ts';

/**
 * Every message of a handshake in order, but the HelloVerifyRequest and the hello before it (RFC 6347 section 4.2.6). Kept
 * whole, not only hashed: CertificateVerify signs the messages themselves.
 */
export class Transcript {
  readonly #messages: Buffer[] = [];

  add(message: HandshakeMessage): void {
    this.#messages.push(encodeMessage(message));
  }

  /** The handshake begins anew with a cookie. */
  clear(): void {
    this.#messages.length = 0;
  }

  hash(): Buffer {
    return sha256(...this.#messages);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#messages);
  }
}
