import { createHmac } from 'node:crypto';
import { ephemeralKey, type EphemeralKey } from '../crypto/ecdh.ts';
import { pskPremaster, pskPremasterOver } from '../crypto/premaster.ts';
import type { Randoms } from '../crypto/prf.ts';
import { signWith } from '../crypto/signature.ts';
import { DtlsError } from '../errors.ts';
import { decodeClientKeyExchange, encodeServerKeyExchange, encodeShare } from '../handshake/key-exchange.ts';
import type { Choice } from './choices.ts';
import type { ServerContext } from './server-context.ts';

const DECOY_KEY_BYTES = 16;

/** What the client's key exchange comes to. Whether it knows the key, its Finished will show. */
export interface Premaster {
  readonly secret: Buffer;
  /** For the suites with PSK. */
  readonly identity?: Buffer;
}

/** The server's part in the key exchange of one handshake (RFC 4279, RFC 5489, RFC 8422). */
export class ServerKeyAgreement {
  readonly #choice: Choice;
  readonly #context: ServerContext;
  #ephemeral?: EphemeralKey;

  constructor(choice: Choice, context: ServerContext) {
    this.#choice = choice;
    this.#context = context;
  }

  /** ServerKeyExchange. A hint that says nothing is left out, and with it the whole message (RFC 4279 section 2): `undefined`. */
  message(randoms: Randoms): Buffer | undefined {
    const { settings, entropy, own } = this.#context;
    const { suite, group } = this.#choice;
    const hint = Buffer.from(settings.pskHint, 'utf8');
    if (suite.keyExchange === 'psk') return hint.length === 0 ? undefined : encodeServerKeyExchange({ hint });
    const share = (this.#ephemeral = ephemeralKey(group!, entropy));
    if (suite.keyExchange === 'ecdhe_psk') return encodeServerKeyExchange({ hint, share });
    const signed = signWith(own!.privateKey, Buffer.concat([randoms.client, randoms.server, encodeShare(share)]));
    return encodeServerKeyExchange({ share, signed });
  }

  /** From ClientKeyExchange. The ephemeral key is used once. */
  premasterOf(body: Uint8Array): Premaster {
    const { identity, point } = decodeClientKeyExchange(body, this.#choice.suite.keyExchange);
    const shared = point && this.#ephemeral!.agree(point);
    this.#ephemeral = undefined;
    if (identity === undefined) return { secret: shared! };
    const psk = this.#pskOf(identity);
    const secret = shared ? pskPremasterOver(shared, psk) : pskPremaster(psk);
    shared?.fill(0);
    return { secret, identity };
  }

  /**
   * The key of an identity. Where there is none, another key takes its place, and the handshake ends as it does for a wrong key:
   * neither alert nor time tells who is known here (RFC 4279 section 2). The decoy is made for everybody, so that it costs the same.
   */
  #pskOf(identity: Buffer): Uint8Array {
    const { decoy: secret, trust, settings } = this.#context;
    const decoy = createHmac('sha256', secret).update(identity).digest().subarray(0, DECOY_KEY_BYTES);
    const known = identity.length === 0 ? undefined : trust.pskOf(identity);
    if (known !== undefined && known.length > 0) return known;
    if (settings.unknownIdentity === 'told') throw new DtlsError('DTLS_UNKNOWN_PSK_IDENTITY', 'unknown PSK identity');
    return decoy;
  }
}
