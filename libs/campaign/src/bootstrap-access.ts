import { integer, oneOf } from './leaves.ts';
import { leaf, list, mapping, Misread, required, withDefault, type Schema } from './schema.ts';

/** Bits of the Access Control Object (Core, appendix E.3). */
const RIGHT = { Read: 1, Write: 2, Execute: 4, Delete: 8, Create: 16 } as const;
export type AccessRight = keyof typeof RIGHT;
const RIGHTS = Object.keys(RIGHT) as AccessRight[];

const MOST_ID = 65_534;

/** A short server id, or a word for those that have none. */
function serverOr<const W extends string>(word: W): Schema<number | W> {
  return leaf({ anyOf: [{ type: 'integer', minimum: 1, maximum: MOST_ID }, { enum: [word] }] }, (value) => {
    if (value === word) return word;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_ID) return value;
    throw new Misread('VALUE_INVALID', `expected a short server id from 1 to ${MOST_ID}, or ${word}`);
  });
}

/** Who may do what with an object instance. Without any, a device with one server lets it do everything. */
export const bootstrapAccess = mapping({
  object: required(integer({ min: 1, max: MOST_ID })),
  instance: withDefault(integer({ min: 0, max: MOST_ID }), 0),
  owner: required(serverOr('Bootstrap')),
  rights: required(
    list(mapping({ server: required(serverOr('Others')), may: required(list(oneOf(RIGHTS), { max: RIGHTS.length })) }), {
      min: 1,
      max: 20,
    }),
  ),
});

export const rightsOf = (rights: readonly AccessRight[]): number => rights.reduce((sum, right) => sum | RIGHT[right], 0);
