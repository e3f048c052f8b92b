import { Lwm2mError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { decodeLwm2mCbor, encodeLwm2mCbor } from './lwm2m-cbor.ts';
import { decodeLwm2mJson, encodeLwm2mJson } from './lwm2m-json.ts';
import type { Lwm2mVersion } from './object-list.ts';
import { typeOfPath } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { decodeCborValue, decodeSenmlCbor, encodeCborValue, encodeSenmlCbor } from './senml-cbor.ts';
import { decodeSenmlJson, encodeSenmlJson } from './senml-json.ts';
import { decodeOpaque, decodeText, encodeText } from './text.ts';
import { decodeTlv, encodeTlv } from './tlv.ts';
import type { ResourceValue } from './values.ts';

export const CONTENT_FORMAT = {
  TEXT: 0,
  LINK: 40,
  OPAQUE: 42,
  CBOR: 60,
  SENML_JSON: 110,
  SENML_CBOR: 112,
  TLV: 11_542,
  LWM2M_JSON: 11_543,
  LWM2M_CBOR: 11_544,
} as const;

/** Numbers of drafts before 1.0.1, still sent by old devices: read, never written. */
const LEGACY: Readonly<Record<number, number>> = { 1541: CONTENT_FORMAT.TEXT, 1542: CONTENT_FORMAT.TLV, 1543: CONTENT_FORMAT.LWM2M_JSON };

/** The values in a payload that a device sent for `base`, an LwM2M path. `typeOf` knows the types of a device's own objects. */
export function decodeContent(format: number, payload: Uint8Array, base: string, typeOf?: TypeOf): ResourceValue[] {
  if (payload.length > LIMITS.bytes) throw new Lwm2mError('CONTENT_TOO_LARGE', `${payload.length} bytes of content`);
  switch (LEGACY[format] ?? format) {
    case CONTENT_FORMAT.TEXT:
      return decodeText(payload, base, typeOf);
    case CONTENT_FORMAT.OPAQUE:
      return decodeOpaque(payload, base);
    case CONTENT_FORMAT.CBOR:
      return decodeCborValue(payload, base, typeOf);
    case CONTENT_FORMAT.SENML_JSON:
      return decodeSenmlJson(payload, base, typeOf);
    case CONTENT_FORMAT.SENML_CBOR:
      return decodeSenmlCbor(payload, base, typeOf);
    case CONTENT_FORMAT.TLV:
      return decodeTlv(payload, base, typeOf);
    case CONTENT_FORMAT.LWM2M_JSON:
      return decodeLwm2mJson(payload, base, typeOf);
    case CONTENT_FORMAT.LWM2M_CBOR:
      return decodeLwm2mCbor(payload, base, typeOf);
    default:
      throw unsupported(format);
  }
}

export function encodeContent(format: number, values: readonly ResourceValue[], base: string, typeOf?: TypeOf): Uint8Array {
  switch (format) {
    case CONTENT_FORMAT.TEXT:
      return encodeText(onlyValue(values));
    case CONTENT_FORMAT.OPAQUE: {
      const value = onlyValue(values);
      if (!(value instanceof Uint8Array)) throw new Lwm2mError('VALUE_INVALID', 'only bytes can be sent as opaque');
      return value;
    }
    case CONTENT_FORMAT.CBOR:
      return encodeCborValue(onlyValue(values), typeOfPath(values[0]!.path, typeOf));
    case CONTENT_FORMAT.SENML_JSON:
      return encodeSenmlJson(values, base);
    case CONTENT_FORMAT.SENML_CBOR:
      return encodeSenmlCbor(values, base);
    case CONTENT_FORMAT.TLV:
      return encodeTlv(values, base, typeOf);
    case CONTENT_FORMAT.LWM2M_JSON:
      return encodeLwm2mJson(values, base);
    case CONTENT_FORMAT.LWM2M_CBOR:
      return encodeLwm2mCbor(values, base);
    default:
      throw unsupported(format);
  }
}

/** Versions that know a format. The others know all: what a device announces itself outranks this, except for LwM2M JSON. */
const VERSIONS_OF: Readonly<Record<number, readonly Lwm2mVersion[]>> = {
  [CONTENT_FORMAT.CBOR]: ['1.1', '1.2'],
  [CONTENT_FORMAT.SENML_JSON]: ['1.1', '1.2'],
  [CONTENT_FORMAT.SENML_CBOR]: ['1.1', '1.2'],
  [CONTENT_FORMAT.LWM2M_JSON]: ['1.0'],
  [CONTENT_FORMAT.LWM2M_CBOR]: ['1.2'],
};

/** Whether a device of this version, announcing these formats, may be sent `format`. LwM2M JSON ended with 1.0. */
export function mayBeSent(format: number, device: { readonly version: Lwm2mVersion; readonly announced: readonly number[] }): boolean {
  const versions = VERSIONS_OF[format];
  if (versions === undefined || versions.includes(device.version)) return true;
  return format !== CONTENT_FORMAT.LWM2M_JSON && device.announced.includes(format);
}

function onlyValue(values: readonly ResourceValue[]): ResourceValue['value'] {
  const [only, ...more] = values;
  if (only === undefined || more.length > 0) throw new Lwm2mError('VALUE_INVALID', 'this format holds exactly one value');
  return only.value;
}

function unsupported(format: number): Lwm2mError {
  return new Lwm2mError('CONTENT_UNSUPPORTED', `content format ${format} is none that we read or write`);
}
