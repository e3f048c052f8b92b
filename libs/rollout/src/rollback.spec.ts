import { expect, it } from '@jest/globals';
import type { FailureClass } from '@drover/campaign';
import { aCampaign } from '@drover/testkit';
import { EMPTY_TALLY, rollbackDue, type Tally } from './index.ts';

const automatic = (failure: Record<string, unknown>) =>
  aCampaign({ rollback: { mode: 'Automatic', to: { version: '1.0.0' }, when: { failure } } }).spec;
const stage = (attempted: number, succeeded: number, failed: Partial<Record<FailureClass, number>> = {}): Tally => ({
  ...EMPTY_TALLY,
  size: attempted,
  attempted,
  succeeded,
  failed,
});

it.each<[string, Record<string, unknown>, Tally[], string | undefined]>([
  ['nothing has happened', { max: '3%' }, [EMPTY_TALLY], undefined],
  ['a share that is not exceeded', { max: '50%' }, [stage(4, 2, { Integrity: 2 })], undefined],
  [
    'a share over all stages',
    { max: '50%' },
    [stage(1, 1), stage(3, 0, { Integrity: 3 })],
    '3 of 4 attempted failed (Any), at most 50% may',
  ],
  ['classes together', { max: 1 }, [stage(2, 0, { Integrity: 1, SuspectedBrick: 1 })], '2 of 2 attempted failed (Any), at most 1 may'],
  [
    'a class over two stages',
    { max: 1 },
    [stage(1, 0, { Integrity: 1 }), stage(1, 0, { Integrity: 1 })],
    '2 of 2 attempted failed (Any), at most 1 may',
  ],
  ['a sample that is too small', { max: '3%', minSample: 10 }, [stage(9, 0, { Integrity: 9 })], undefined],
])('%s', (_name, failure, tallies, expected) => {
  expect(rollbackDue(automatic(failure), tallies)).toBe(expected);
});

it('is nothing that a campaign without it comes to', () => {
  const manual = aCampaign({ rollback: { mode: 'Manual', to: { version: '1.0.0' } } }).spec;
  for (const spec of [manual, aCampaign().spec]) expect(rollbackDue(spec, [stage(9, 0, { Integrity: 9 })])).toBeUndefined();
});
