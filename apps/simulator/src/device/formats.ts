import { CONTENT_FORMAT, type ResourceValue } from '@drover/lwm2m';
import type { ContentTraits, RegistrationTraits } from '../profiles/profile.ts';
import { isOld } from './resources.ts';

const { TEXT, TLV, SENML_JSON, SENML_CBOR } = CONTENT_FORMAT;

interface Asked {
  readonly registration: RegistrationTraits;
  readonly values: readonly ResourceValue[];
  readonly path: string;
  readonly accept: number | undefined;
}

/** Without Accept a device answers in what it likes best, one resource often otherwise than many; undefined is 4.06. */
export function formatOf(content: ContentTraits, { registration, values, path, accept }: Asked): number | undefined {
  const isSingle = values.length === 1 && values[0]?.path === path;
  const known = [...singles(content, isSingle), ...many(content, isOld(registration))];
  return accept === undefined ? known[0] : known.find((format) => format === accept);
}

function singles({ formats, single }: ContentTraits, isSingle: boolean): readonly number[] {
  if (!isSingle || formats === 'TLV') return [];
  return single === 'TLV' ? [TLV, TEXT] : [TEXT];
}

function many({ formats }: ContentTraits, isOldStack: boolean): readonly number[] {
  if (formats === 'SenML JSON') return [SENML_JSON];
  return formats === 'TLV' || isOldStack ? [TLV] : [SENML_CBOR, TLV, SENML_JSON];
}
