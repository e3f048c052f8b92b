import { encodeAlert } from '../alerts.ts';
import { CONTENT, encodeRecord, NO_CID, VERSION_1_2, type DtlsRecord } from '../record/record.ts';

/** An alert is never longer than the record that it answers. */
const LEAST_STRAY_BYTES = 16;

/** Alerts are never answered, or two servers could go on for ever. */
export const mayBeAnswered = ({ type, fragment }: DtlsRecord): boolean =>
  (type === CONTENT.application_data || type === CONTENT.handshake || type === CONTENT.tls12_cid) && fragment.length >= LEAST_STRAY_BYTES;

/**
 * What a sender hears whose session we do not have. It is not authentic and a client may ignore it; LwM2M devices that heed
 * it begin anew, for this is none of the alerts on which they give up.
 */
export function strayAlert(): Buffer {
  const header = { type: CONTENT.alert, version: VERSION_1_2, epoch: 0, sequence: 0, cid: NO_CID };
  return encodeRecord(header, encodeAlert('unexpected_message'));
}
