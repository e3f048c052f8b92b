import { CORE_OBJECTS } from './built-in-core.ts';
import { MORE_OBJECTS } from './built-in-more.ts';
import type { Row } from './built-in-row.ts';
import type { ObjectModel, ResourceModel, ResourceOperations } from './object-model.ts';
import { rangeOf } from './value-range.ts';

/** What Drover knows without being told. One version of each, the newest; older ones are subsets of it. */
export const BUILT_IN_OBJECTS: readonly ObjectModel[] = [...CORE_OBJECTS, ...MORE_OBJECTS].map(
  ({ rows, multiple = false, mandatory = false, ...object }) => ({ ...object, multiple, mandatory, resources: rows.map(resourceOf) }),
);

function resourceOf([id, name, access, type, rangeText = '', unit]: Row): ResourceModel {
  const range = rangeText === '' ? undefined : rangeOf(rangeText, type);
  return {
    id,
    name,
    operations: access.replace(/[*!]/g, '') as ResourceOperations,
    type,
    multiple: access.includes('*'),
    mandatory: access.includes('!'),
    ...(rangeText !== '' && { rangeText }),
    ...(range && { range }),
    ...(unit !== undefined && { unit }),
  };
}
