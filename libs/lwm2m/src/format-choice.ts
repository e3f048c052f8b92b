import { CONTENT_FORMAT, mayBeSent } from './content.ts';
import type { Lwm2mVersion } from './object-list.ts';

/** A number, or `any`: no Accept, the device answers in what it likes. */
export type FormatChoice = number | 'any';

/** What has to be said: one value, one value of bytes, several values, a list of paths, an instance without an id; to be read: bytes, or their base64. */
export type Content = 'one' | 'bytes' | 'opaque' | 'many' | 'paths' | 'unnamed';

/** What is known of a device's formats beside its version. */
export interface FormatHints {
  /** What worked last time. */
  readonly worked?: FormatChoice;
  /** What devices of its class are to be spoken to in, best first: somebody has said so, and that counts before what was learned. */
  readonly preferred?: readonly number[];
  /** What it has refused in this conversation. */
  readonly refused?: readonly FormatChoice[];
}

export interface Speaker {
  readonly version: Lwm2mVersion;
  /** `ct` of its registration. */
  readonly announced: readonly number[];
}

const { TEXT, OPAQUE, CBOR, SENML_JSON, SENML_CBOR, TLV, LWM2M_JSON, LWM2M_CBOR } = CONTENT_FORMAT;

/** Which formats can hold what (Core section 7.4), the smaller first. */
const HOLDS: Readonly<Record<Content, readonly number[]>> = {
  one: [TEXT, SENML_CBOR, TLV, SENML_JSON, CBOR, LWM2M_CBOR, LWM2M_JSON],
  bytes: [OPAQUE, SENML_CBOR, TLV, SENML_JSON, CBOR, LWM2M_CBOR, LWM2M_JSON],
  opaque: [OPAQUE, SENML_CBOR, TLV, SENML_JSON, CBOR, LWM2M_CBOR, LWM2M_JSON, TEXT],
  many: [SENML_CBOR, TLV, SENML_JSON, LWM2M_CBOR, LWM2M_JSON],
  paths: [SENML_CBOR, SENML_JSON, LWM2M_CBOR],
  // Only TLV can leave the instance id to the device: everything else names whole paths.
  unnamed: [TLV],
};

/** What a device that announces nothing most likely knows: TLV is mandatory in 1.0 and optional after, SenML the other way round. */
const LIKELY: Readonly<Record<Lwm2mVersion, readonly number[]>> = {
  '1.0': [TEXT, OPAQUE, TLV, LWM2M_JSON],
  '1.1': [TEXT, OPAQUE, SENML_CBOR, SENML_JSON, TLV, CBOR],
  '1.2': [TEXT, OPAQUE, SENML_CBOR, SENML_JSON, TLV, CBOR, LWM2M_CBOR],
};

/** Formats to write in, the best first. Empty where none is left. */
export function formatsToWrite(content: Content, speaker: Speaker, hints: FormatHints = {}): number[] {
  const { known, likely } = rankedFor(content, speaker);
  // One value in its plain form is mandatory for every device, whatever it announces.
  const plain = content === 'one' ? [TEXT] : content === 'bytes' ? [OPAQUE] : [];
  const first = typeof hints.worked === 'number' ? [hints.worked] : [];
  return left([...(hints.preferred ?? []), ...first, ...plain, ...known, ...likely], { content, speaker, hints }).filter(
    (format) => format !== 'any',
  );
}

/**
 * What to accept for an answer, the best first. Where nothing is known of a device of 1.1 or later, `any` comes first:
 * a format it does not know would cost a round trip, and every one of its answers can be read.
 */
export function formatsToRead(content: Exclude<Content, 'unnamed'>, speaker: Speaker, hints: FormatHints = {}): FormatChoice[] {
  const { known, likely } = rankedFor(content, speaker);
  const first = hints.worked === undefined ? [] : [hints.worked];
  // 1.0 answers TLV to everything above one resource anyway, and some of its stacks want to be asked for it.
  const rest = speaker.version === '1.0' && content === 'many' ? [...likely, 'any' as const] : ['any' as const, ...likely];
  return left([...(hints.preferred ?? []), ...first, ...known, ...rest], { content, speaker, hints });
}

function rankedFor(content: Content, { version, announced }: Speaker): { known: number[]; likely: number[] } {
  const holds = HOLDS[content];
  // To read one value, a format that names it tells more than plain text does.
  const known = holds.filter((format) => announced.includes(format) && format !== TEXT && format !== OPAQUE);
  return { known, likely: LIKELY[version].filter((format) => format !== TEXT && format !== OPAQUE) };
}

function left(
  ranked: readonly FormatChoice[],
  { content, speaker, hints }: { content: Content; speaker: Speaker; hints: FormatHints },
): FormatChoice[] {
  const usable = (format: FormatChoice): boolean => format === 'any' || (HOLDS[content].includes(format) && mayBeSent(format, speaker));
  return [...new Set(ranked)].filter((format) => usable(format) && !hints.refused?.includes(format));
}
