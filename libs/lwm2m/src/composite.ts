import { CONTENT_FORMAT } from './content.ts';
import { encodeCbor } from './cbor.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { bytesOfJson } from './json.ts';
import { LIMITS } from './limits.ts';
import { encodeLwm2mCborEntries, lwm2mCborEntries } from './lwm2m-cbor.ts';
import { idsOf, normalPath } from './paths.ts';
import { senmlCborRecords } from './senml-cbor.ts';
import { senmlJsonRecords } from './senml-json.ts';
import type { SenmlRecord } from './senml.ts';

/** SenML CBOR's key for a name. */
const NAME = 0;

/**
 * The payload of a Read-Composite or Observe-Composite: names without values. The list is the identity of an observation:
 * to cancel it, send the same bytes again.
 */
export function encodePathList(format: number, paths: readonly string[]): Uint8Array {
  const list = checked(paths);
  switch (format) {
    case CONTENT_FORMAT.SENML_JSON:
      return bytesOfJson(list.map((n) => ({ n })));
    case CONTENT_FORMAT.SENML_CBOR:
      return encodeCbor(list.map((n) => new Map([[NAME, n]])));
    case CONTENT_FORMAT.LWM2M_CBOR:
      return encodeLwm2mCborEntries(list.map((path) => ({ path, value: null })));
    default:
      throw unsupported(format);
  }
}

/** The paths a composite request asks for. A value among them is refused: that would be a Write-Composite. */
export function decodePathList(format: number, payload: Uint8Array): string[] {
  if (payload.length > LIMITS.bytes) throw new Lwm2mError('CONTENT_TOO_LARGE', `${payload.length} bytes of paths`);
  switch (format) {
    case CONTENT_FORMAT.SENML_JSON:
      return checked(namesOf(senmlJsonRecords(payload)));
    case CONTENT_FORMAT.SENML_CBOR:
      return checked(namesOf(senmlCborRecords(payload)));
    case CONTENT_FORMAT.LWM2M_CBOR:
      return checked(lwm2mCborEntries(payload).map(({ path, raw }) => (raw === null || raw === undefined ? path : refuseValue(path))));
    default:
      throw unsupported(format);
  }
}

function namesOf(records: readonly SenmlRecord[]): string[] {
  let baseName = '';
  return records.map(({ bn, n, value }) => {
    baseName = bn ?? baseName;
    const path = baseName + (n ?? '');
    return value === undefined ? path : refuseValue(path);
  });
}

function refuseValue(path: string): never {
  throw malformed(`a list of paths has a value at ${path.slice(0, 40)}`);
}

/** A path within another one would be answered twice, and LwM2M CBOR could not even say it. */
function checked(asWritten: readonly string[]): string[] {
  if (asWritten.length === 0) throw malformed('a list of no paths');
  if (asWritten.length > LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `more than ${LIMITS.records} paths`);
  const paths = asWritten.map(normalPath);
  const whole = new Set(paths);
  if (whole.size < paths.length) throw malformed('a path comes twice');
  for (const path of paths) {
    const ids = idsOf(path);
    if (ids.length === 0) throw malformed('a list of paths with / in it');
    for (let depth = 1; depth < ids.length; depth++) {
      const above = `/${ids.slice(0, depth).join('/')}`;
      if (whole.has(above)) throw malformed(`${path} is within ${above}`);
    }
  }
  return paths;
}

function unsupported(format: number): Lwm2mError {
  return new Lwm2mError('CONTENT_UNSUPPORTED', `content format ${format} holds no list of paths`);
}
