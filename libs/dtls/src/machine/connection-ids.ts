import type { Entropy } from '@drover/kernel';
import { DtlsError } from '../errors.ts';
import type { ServerSettings } from './settings.ts';

const DRAWS = 100;
const LEAST_RANDOM_BYTES = 4;
const MOST_BYTES = 32;

type CidSettings = Pick<ServerSettings, 'cidBytes' | 'cidPrefix'>;

/** Throws `DTLS_SETTINGS_INVALID` for Connection IDs that could be guessed, or would be longer than anybody needs. */
export function requireCid({ cidBytes, cidPrefix }: CidSettings): void {
  if (cidBytes === 0 && cidPrefix.length === 0) return;
  if (cidBytes - cidPrefix.length >= LEAST_RANDOM_BYTES && cidBytes <= MOST_BYTES) return;
  throw new DtlsError('DTLS_SETTINGS_INVALID', `Connection IDs of ${cidBytes} bytes with a prefix of ${cidPrefix.length}`);
}

/** One that no session has: chance decides, and we look. */
export function drawCid({ cidPrefix, cidBytes }: CidSettings, entropy: Entropy, isTaken: (cid: Buffer) => boolean): Buffer {
  for (let draw = 0; draw < DRAWS; draw++) {
    const cid = Buffer.concat([cidPrefix, entropy.bytes(cidBytes - cidPrefix.length)]);
    if (!isTaken(cid)) return cid;
  }
  throw new DtlsError('DTLS_ENTROPY', 'no free Connection ID after many draws');
}
