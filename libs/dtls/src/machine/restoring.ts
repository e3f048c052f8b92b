import { DtlsError } from '../errors.ts';
import { MAX_SEQUENCE } from '../record/record.ts';
import { Path } from './path.ts';
import { Reservation, type Marks } from './reservation.ts';
import { decodeSession } from './session-codec.ts';
import { ServerSession } from './session.ts';
import type { ServerSettings } from './settings.ts';

/** Numbers from here on were used by nobody, whoever had the state. */
export interface Outdated {
  readonly sendFrom: number;
}

/**
 * What the caller knows of the process that wrote a state. `orderly`: it has stopped after it. `crashed`: it may have gone on, as
 * far as it had reserved. `Outdated`: there may be newer states of the session, for this one may come from a backup.
 */
export type Ending = 'orderly' | 'crashed' | Outdated;

/**
 * A session of an earlier process. After a crash its sending goes on behind what was reserved, and what is received below the
 * mark is in doubt; all that is received, where the state may be outdated. Throws `DTLS_STATE_INVALID`.
 */
export function restoredSession(
  bytes: Uint8Array,
  ending: Ending,
  { settings, now }: { settings: ServerSettings; now: number },
): ServerSession {
  const { channel, marks, trustedFrom, address, suite, identity, serverName } = decodeSession(bytes);
  const isInDoubt = ending !== 'orderly';
  if (isInDoubt && marks === undefined) throw new DtlsError('DTLS_STATE_INVALID', 'no numbers were reserved');
  const { readCid } = channel;
  if (readCid.length > 0 && readCid.length !== settings.cidBytes) {
    throw new DtlsError('DTLS_STATE_INVALID', `a Connection ID of ${readCid.length} bytes`);
  }
  if (isInDoubt) channel.skipTo(typeof ending === 'object' ? Math.max(ending.sendFrom, marks!.send) : marks!.send);
  const known: Marks = marks ?? { send: channel.sendNext, receive: channel.received };
  return new ServerSession(
    {
      identity,
      serverName,
      suite: suite.name,
      channel,
      path: new Path(address, settings.maxAmplification),
      reservation: new Reservation(settings.reserve, settings.reserve > 0 ? known : undefined),
      trustedFrom: trustedAfter(ending, trustedFrom, marks),
      sessionId: '',
    },
    now,
  );
}

function trustedAfter(ending: Ending, trustedFrom: number, marks: Marks | undefined): number {
  if (typeof ending === 'object') return MAX_SEQUENCE;
  return ending === 'crashed' ? Math.max(trustedFrom, marks!.receive + 1) : trustedFrom;
}
