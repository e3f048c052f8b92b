import { verify, type KeyObject } from 'node:crypto';
import { DtlsError } from '../errors.ts';
import { childrenOf, elementsOf, TAG, timeOf, type Element } from './der.ts';

/** Hashes that a list may be signed over, by the OID of the signature algorithm, DER. */
const HASH_OF = new Map([
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
]);

/** A certificate revocation list (RFC 5280 section 5), read once. Whose it is, its signature tells. */
export class RevocationList {
  readonly #signed: Buffer;
  readonly #signature: Buffer;
  readonly #hash: string;
  readonly #serials: ReadonlySet<string>;
  /** ms since 1970; `undefined` where it promises no successor. */
  readonly nextUpdate?: number;

  /** Throws `DTLS_STATE_INVALID` for what is no list of ours to read: other hashes, critical extensions that we do not know. */
  constructor(der: Uint8Array) {
    const [list, algorithm, signature] = childrenOf(Buffer.from(der));
    const hash = algorithm && HASH_OF.get(elementsOf(algorithm.content)[0]?.content.toString('hex') ?? '');
    if (list === undefined || signature?.tag !== TAG.bitString || signature.content[0] !== 0 || hash === undefined) throw unreadable();
    this.#signed = list.whole;
    this.#signature = signature.content.subarray(1);
    this.#hash = hash;
    const parts = elementsOf(list.content);
    // What is signed names its algorithm too, and the two must be the same (RFC 5280 section 5.1.1.2).
    if (!parts.some(({ whole }) => whole.equals(algorithm!.whole))) throw unreadable();
    const times = parts.map(timeOf).filter((time) => time !== undefined);
    this.nextUpdate = times[1];
    if (parts.some(holdsCritical)) throw unreadable();
    this.#serials = new Set(parts.filter(isListOfEntries).flatMap(({ content }) => elementsOf(content).map(serialOf)));
  }

  isSignedBy(publicKey: KeyObject): boolean {
    try {
      return verify(this.#hash, this.#signed, publicKey, this.#signature);
    } catch {
      return false;
    }
  }

  /** @param serial hexadecimal, as `X509Certificate` has it */
  holds(serial: string): boolean {
    return this.#serials.has(normal(serial));
  }
}

const unreadable = (): DtlsError => new DtlsError('DTLS_STATE_INVALID', 'not a revocation list that we can read');
const normal = (serial: string): string => serial.toLowerCase().replace(/^0+(?=.)/, '');

/** Beside the algorithm and the name, which begin otherwise, the only sequence of sequences that begin with a number. */
function isListOfEntries({ tag, content }: Element): boolean {
  if (tag !== TAG.sequence) return false;
  const [first] = elementsOf(content);
  return first?.tag === TAG.sequence && elementsOf(first.content)[0]?.tag === TAG.integer;
}

function serialOf({ content }: Element): string {
  const [serial] = elementsOf(content);
  if (serial?.tag !== TAG.integer) throw unreadable();
  return normal(serial.content.toString('hex'));
}

const EXTENSIONS = 0xa0;

/** E.g. a list that covers only some certificates: without knowing that, it must not be used (RFC 5280 section 5.2). */
function holdsCritical({ tag, content }: Element): boolean {
  if (tag !== EXTENSIONS) return false;
  return childrenOf(content).some((extension) => elementsOf(extension.content)[1]?.tag === TAG.boolean);
}
