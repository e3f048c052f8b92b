import { describe, expect, it } from '@jest/globals';
import { atMost, compose, once, type BlockMoment, type Moment } from './behaviour.ts';
import * as trait from './traits.ts';

const moment: Moment = { state: 2, result: 0, mishaps: 0, maximumDeferS: undefined };
const block: BlockMoment = { ...moment, isHere: true, isFirst: false, isLast: false };

describe('traits', () => {
  it('side by side: the first that answers counts, the others keep their hooks', () => {
    const both = compose(trait.flipsAByte, trait.losesPowerOnce, trait.comesBackOld);
    expect(both.block?.(block)).toEqual({ type: 'damage' });
    expect(compose(trait.diesAtTheLastBlock, trait.flipsAByte).block?.(block)).toEqual({ type: 'damage' });
    expect(both.install?.(moment)).toMatchObject({ runs: 'old' });
    expect(both.execute?.(moment)).toBeUndefined();
  });

  it('happen once, or so many times', () => {
    const seen = [0, 1, 2, 3].map((mishaps) => [
      once(trait.flipsAByte).block?.({ ...block, mishaps })?.type,
      atMost(3, trait.failsToInstall).install?.({ ...moment, mishaps })?.event,
    ]);
    expect(seen).toEqual([
      ['damage', 'install-failed'],
      [undefined, 'install-failed'],
      [undefined, 'install-failed'],
      [undefined, undefined],
    ]);
  });

  it.each([
    ['defers where it may', { maximumDeferS: 60 }, 'deferred'],
    ['not where it may not', { maximumDeferS: 0 }, undefined],
    ['nor where nobody can say', {}, undefined],
  ] as const)('%s', (_, more, event) => {
    expect(trait.defersAsLongAsItMay.execute?.({ ...moment, ...more })?.event).toBe(event);
  });

  it('cannot do one scheme, and any other', () => {
    const { uri } = trait.cannotDo('coap', 0x80);
    expect(uri?.(moment, 'coap://a/b')).toMatchObject({ event: 'protocol-unsupported', starts: false });
    expect(uri?.(moment, 'coaps://a/b')).toMatchObject({ event: 'protocol-unsupported', starts: false });
    expect(uri?.(moment, 'coap+tcp://a/b')).toBeUndefined();
  });
});
