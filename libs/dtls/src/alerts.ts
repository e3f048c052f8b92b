/** Alert descriptions (RFC 5246 section 7.2, RFC 4279, RFC 5746, RFC 6066, RFC 7507) under the names of the standard. */
export const ALERT = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  unsupported_extension: 110,
  unrecognized_name: 112,
  unknown_psk_identity: 115,
} as const;

export type AlertName = keyof typeof ALERT;

const NAME_OF = new Map<number, AlertName>(Object.entries(ALERT).map(([name, code]) => [code, name as AlertName]));
const WARNING = 1;
const FATAL = 2;

export interface Alert {
  readonly level: 'warning' | 'fatal';
  readonly code: number;
  /** `undefined` for a code that no document we know gives a name. */
  readonly name?: AlertName;
}

/** The two of them that are warnings; every other alert of ours ends what it is about. */
export function encodeAlert(name: AlertName): Buffer {
  const isWarning = name === 'close_notify' || name === 'no_renegotiation';
  return Buffer.of(isWarning ? WARNING : FATAL, ALERT[name]);
}

/** `undefined` for what is no alert. An unknown level counts as fatal: the sender wanted to say something grave. */
export function decodeAlert(bytes: Uint8Array): Alert | undefined {
  if (bytes.length !== 2) return undefined;
  const [level, code] = bytes;
  return { level: level === WARNING ? 'warning' : 'fatal', code: code!, name: NAME_OF.get(code!) };
}
