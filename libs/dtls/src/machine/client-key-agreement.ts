import { ephemeralKey, isGroup, type EphemeralKey } from '../crypto/ecdh.ts';
import { pskPremaster, pskPremasterOver } from '../crypto/premaster.ts';
import type { KeyExchange } from '../crypto/suites.ts';
import { DtlsError } from '../errors.ts';
import { encodeClientKeyExchange, type ServerKeyExchange, type Share } from '../handshake/key-exchange.ts';
import type { ClientContext } from './client-context.ts';

/** ClientKeyExchange, and the secret that it makes the two share. */
export interface KeyAnswer {
  readonly body: Buffer;
  readonly premaster: Buffer;
}

/** The client's part in the key exchange (RFC 4279, RFC 5489, RFC 8422). */
export function answerExchange({ share }: ServerKeyExchange, kind: KeyExchange, context: ClientContext): KeyAnswer {
  const ephemeral = share && ephemeralFor(share, context);
  const shared = ephemeral?.agree(share!.point);
  const psk = kind === 'ecdhe_ecdsa' ? undefined : context.psk!;
  const body = encodeClientKeyExchange({ identity: psk && Buffer.from(psk.identity), point: ephemeral?.point });
  if (psk === undefined) return { body, premaster: shared! };
  const premaster = shared ? pskPremasterOver(shared, psk.key) : pskPremaster(psk.key);
  shared?.fill(0);
  return { body, premaster };
}

function ephemeralFor({ group }: Share, { settings, entropy }: ClientContext): EphemeralKey {
  if (!isGroup(group) || !settings.groups.includes(group)) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `group ${group} was not offered`);
  return ephemeralKey(group, entropy);
}
