import { cdeDecodeOptions, cdeEncodeOptions, decode, encode, TypeEncoderMap, type DecodeOptions } from 'cbor2';
import { ArtifactError, type ArtifactErrorCode } from './errors.ts';

/** An envelope nests four deep: tag, message, list of signatures, signature. The decoder counts an array as two levels. */
const MAX_DEPTH = 12;

const STRICT: DecodeOptions = {
  ...cdeDecodeOptions,
  maxDepth: MAX_DEPTH,
  ignoreGlobalTags: true,
  preferMap: true,
  rejectBigInts: true,
  rejectDuplicateKeys: true,
  rejectFloats: true,
  rejectSimple: true,
  rejectUndefined: true,
};

// Left alone, the encoder writes a Buffer as what its toJSON returns: a map.
const BYTES = new TypeEncoderMap();
BYTES.registerEncoder(Buffer, (buffer) => [Number.NaN, new Uint8Array(buffer)]);

/** Core deterministic encoding (RFC 8949, section 4.2.1): shortest forms, definite lengths, keys sorted by their bytes. */
export function encodeDeterministic(value: unknown): Uint8Array {
  return encode(value, { ...cdeEncodeOptions, types: BYTES });
}

/** What one signer read must be what every verifier reads, so bytes that we would not have written ourselves are refused. */
export function decodeDeterministic(bytes: Uint8Array, code: ArtifactErrorCode, what: string): unknown {
  let value: unknown;
  let again: Uint8Array;
  try {
    value = decode(bytes, STRICT);
    again = encodeDeterministic(value);
  } catch (cause) {
    throw new ArtifactError(
      code,
      `${what} is not deterministic CBOR: ${cause instanceof Error ? cause.message.slice(0, 120) : 'unreadable'}`,
    );
  }
  // The decoder refuses what it knows of; the comparison refuses the rest.
  if (!Buffer.from(again).equals(bytes))
    throw new ArtifactError(code, `${what} is not deterministic CBOR: another encoding of the same value`);
  return value;
}
