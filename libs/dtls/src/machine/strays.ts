import { encodeAlert } from '../alerts.ts';
import { CONTENT, encodeRecord, NO_CID, VERSION_1_2, type DtlsRecord } from '../record/record.ts';

/** An alert is never longer than the record that it answers. */
const LEAST_STRAY_BYTES = 16;
/**
 * Under a Connection ID the type of a record cannot be seen: an alert with the longest tag is 27 bytes, no request over CoAP is as
 * short. Without this the close_notify that answers ours would draw an alert, and that would end the handshake that follows.
 */
const LEAST_STRAY_CID_BYTES = 28;

/** Alerts are never answered, or two servers could go on for ever. */
export function mayBeAnswered({ type, fragment }: DtlsRecord): boolean {
  if (type === CONTENT.tls12_cid) return fragment.length >= LEAST_STRAY_CID_BYTES;
  return (type === CONTENT.application_data || type === CONTENT.handshake) && fragment.length >= LEAST_STRAY_BYTES;
}

/**
 * What a sender hears whose session we do not have. It is not authentic and a client may ignore it; LwM2M devices that heed
 * it begin anew, for this is none of the alerts on which they give up.
 */
export function strayAlert(): Buffer {
  const header = { type: CONTENT.alert, version: VERSION_1_2, epoch: 0, sequence: 0, cid: NO_CID };
  return encodeRecord(header, encodeAlert('unexpected_message'));
}
