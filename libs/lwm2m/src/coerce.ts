import { Lwm2mError } from './errors.ts';
import { integerOf, parseLink } from './values.ts';
import type { DataType, Value } from './values.ts';

const MAX_INTEGER_DIGITS = 20;

/** Strict: bytes that are no UTF-8 are refused, not replaced. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Some stacks send their strings with C's closing NUL. A loop, because a pattern takes quadratic time on hostile runs of NUL. */
function withoutClosingNul(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(0, end);
}

export function textOfBytes(bytes: Uint8Array): string {
  try {
    return withoutClosingNul(UTF_8.decode(bytes));
  } catch (cause) {
    throw new Lwm2mError('VALUE_INVALID', 'a text that is not UTF-8', cause);
  }
}

function refuse(type: DataType, raw: unknown): never {
  throw new Lwm2mError('VALUE_INVALID', `not a ${type}: ${String(raw).slice(0, 40)}`);
}

function integerFromText(text: string, type: DataType): number | bigint {
  if (!/^-?\d+$/.test(text) || text.length > MAX_INTEGER_DIGITS) return refuse(type, text);
  return integerOf(BigInt(text));
}

/** The value of a resource of this type written as text (Core, appendix C). Without a type it stays text. */
export function fromText(text: string, type: DataType | undefined): Value {
  switch (type) {
    case 'Integer':
    case 'Unsigned':
    case 'Time':
      return integerFromText(text, type);
    case 'Float':
      return /^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?$/.test(text) && Number.isFinite(Number(text))
        ? Number(text)
        : refuse(type, text);
    case 'Boolean':
      if (text !== '0' && text !== '1' && text !== 'true' && text !== 'false') return refuse(type, text);
      return text === '1' || text === 'true';
    case 'Opaque':
      return bytesFromBase64(text);
    case 'Objlnk':
      return parseLink(text) ?? refuse(type, text);
    default:
      return text;
  }
}

/** Standard and URL alphabet, with padding or without: decoders meet all four. */
export function bytesFromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new Lwm2mError('VALUE_INVALID', 'not base64');
  return Uint8Array.from(Buffer.from(text, 'base64'));
}

/** Brings a self-describing value (SenML, CBOR) to the type of its resource: devices mix up signs, floats and booleans. */
export function toType(raw: Value, type: DataType | undefined): Value {
  switch (type) {
    case 'Boolean':
      if (raw === 0 || raw === 1) return raw === 1;
      return typeof raw === 'boolean' ? raw : refuse(type, raw);
    case 'Integer':
    case 'Unsigned':
    case 'Time':
      if (typeof raw === 'boolean') return raw ? 1 : 0;
      return typeof raw === 'bigint' || Number.isSafeInteger(raw) ? raw : refuse(type, raw);
    case 'Float':
      return typeof raw === 'number' || typeof raw === 'bigint' ? Number(raw) : refuse(type, raw);
    case 'Objlnk':
      return typeof raw === 'string' ? (parseLink(raw) ?? refuse(type, raw)) : raw;
    case 'String':
    case 'Corelnk':
      return typeof raw === 'string' ? withoutClosingNul(raw) : refuse(type, raw);
    case 'Opaque':
      return raw instanceof Uint8Array ? raw : refuse(type, raw);
    default:
      return raw;
  }
}
