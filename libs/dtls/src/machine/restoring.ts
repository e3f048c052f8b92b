import { DtlsError } from '../errors.ts';
import { Path } from './path.ts';
import { Reservation, type Marks } from './reservation.ts';
import { decodeSession } from './session-codec.ts';
import { ServerSession } from './session.ts';
import type { ServerSettings } from './settings.ts';

/** What the caller knows of the process that wrote a state: it has stopped after it, or may have gone on. */
export type Ending = 'orderly' | 'crashed';

/**
 * A session of an earlier process. After a crash its sending goes on behind what was reserved, and what is received below the
 * mark is in doubt. Throws `DTLS_STATE_INVALID`.
 */
export function restoredSession(
  bytes: Uint8Array,
  ending: Ending,
  { settings, now }: { settings: ServerSettings; now: number },
): ServerSession {
  const { channel, marks, trustedFrom, address, suite, identity, serverName } = decodeSession(bytes);
  const isInDoubt = ending === 'crashed';
  if (isInDoubt && marks === undefined) throw new DtlsError('DTLS_STATE_INVALID', 'no numbers were reserved');
  const { readCid } = channel;
  if (readCid.length > 0 && readCid.length !== settings.cidBytes) {
    throw new DtlsError('DTLS_STATE_INVALID', `a Connection ID of ${readCid.length} bytes`);
  }
  if (isInDoubt) channel.skipTo(marks!.send);
  const known: Marks = marks ?? { send: channel.sendNext, receive: channel.received };
  return new ServerSession(
    {
      identity,
      serverName,
      suite: suite.name,
      channel,
      path: new Path(address, settings.maxAmplification),
      reservation: new Reservation(settings.reserve, settings.reserve > 0 ? known : undefined),
      trustedFrom: isInDoubt ? Math.max(trustedFrom, marks!.receive + 1) : trustedFrom,
      sessionId: '',
    },
    now,
  );
}
