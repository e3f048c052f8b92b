import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OscoreContext, type OscoreMark } from './context.ts';
import { OscoreError } from './errors.ts';
import { deriveKeys, type OscoreSecret } from './keys.ts';
import { decodeOscoreOption, encodeOscoreOption, pivOf, sequenceOf } from './option.ts';
import { ReplayWindow, WINDOW } from './replay-window.ts';
import { open, seal, sealBytes } from './sealing.ts';

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const SECRET: OscoreSecret = { masterSecret: new Uint8Array(16).fill(7), senderId: bytes(1), recipientId: bytes(2) };

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof OscoreError) return error.code;
    throw error;
  }
  return 'none';
};

describe('the option', () => {
  const part = (minLength: number, maxLength: number) => fc.option(fc.uint8Array({ minLength, maxLength }), { nil: undefined });

  it('says what was said', () => {
    fc.assert(
      fc.property(part(1, 5), part(0, 255), part(0, 7), (piv, kidContext, kid) => {
        const said = decodeOscoreOption(encodeOscoreOption({ piv, kidContext, kid }));
        expect({ ...said }).toEqual({ ...(piv || kidContext || kid ? { piv, kidContext, kid } : {}) });
      }),
    );
  });

  it('is a number of 1 to 5 bytes, as short as can be', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (any) => {
        const number = any % 2 ** 40;
        const piv = pivOf(number);
        expect(sequenceOf(piv)).toBe(number);
        expect(piv.length === 1 || piv[0] !== 0).toBe(true);
      }),
    );
  });

  it.each<[string, number[]]>([
    ['a flag byte of 0', [0]],
    ['a reserved flag', [0x20, 1]],
    ['a Partial IV of 6 bytes', [6, 1, 2, 3, 4, 5, 6]],
    ['a Partial IV that is cut off', [3, 1, 2]],
    ['a kid context without its length', [0x11, 1]],
    ['a kid context that is cut off', [0x11, 1, 9, 1, 2]],
    ['bytes that belong to nothing', [1, 1, 2]],
    ['a kid of 8 bytes', [9, 1, 1, 2, 3, 4, 5, 6, 7, 8]],
  ])('is refused with %s', (_what, list) => {
    expect(codeOf(() => decodeOscoreOption(bytes(...list)))).toBe('OSCORE_OPTION');
  });

  it('is refused with a code, whatever it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) =>
        ['none', 'OSCORE_OPTION'].includes(codeOf(() => decodeOscoreOption(value))),
      ),
    );
  });
});

describe('keys', () => {
  it.each<[string, Partial<OscoreSecret>]>([
    ['a secret of 15 bytes', { masterSecret: new Uint8Array(15) }],
    ['an ID of 8 bytes', { senderId: new Uint8Array(8) }],
    ['the same ID on both sides', { senderId: bytes(2) }],
    ['an ID Context of 256 bytes', { idContext: new Uint8Array(256) }],
  ])('are not made of %s', (_what, change) => {
    expect(codeOf(() => deriveKeys({ ...SECRET, ...change }))).toBe('OSCORE_KEYS');
  });
});

describe('what is sealed', () => {
  const [ours, theirs] = [deriveKeys(SECRET), deriveKeys({ ...SECRET, senderId: bytes(2), recipientId: bytes(1) })];
  const binding = { kid: bytes(1), piv: bytes(5) };
  const nonce = { id: bytes(1), piv: bytes(5) };
  const inner = { code: 1, options: [{ number: 11, value: bytes(65) }], payload: bytes(1, 2, 3) };
  const sealed = seal(ours, inner, nonce, binding);

  it('is opened by the other side alone', () => {
    expect(open(theirs, sealed, nonce, binding)).toEqual({
      ...inner,
      payload: Buffer.from(inner.payload),
      options: [{ number: 11, value: Buffer.from([65]) }],
    });
    expect(codeOf(() => open(ours, sealed, nonce, binding))).toBe('OSCORE_DECRYPTION');
  });

  it.each<[string, () => unknown]>([
    ['for another request', () => open(theirs, sealed, nonce, { ...binding, piv: bytes(6) })],
    ['for another sender', () => open(theirs, sealed, nonce, { ...binding, kid: bytes(3) })],
    ['with another number', () => open(theirs, sealed, { ...nonce, piv: bytes(6) }, binding)],
    ['when it is cut off', () => open(theirs, sealed.subarray(0, 10), nonce, binding)],
    ['when it is empty', () => open(theirs, bytes(), nonce, binding)],
  ])('is not opened %s', (_how, run) => {
    expect(codeOf(run)).toBe('OSCORE_DECRYPTION');
  });

  it('is not opened when one bit of it is another', () => {
    fc.assert(
      fc.property(fc.nat({ max: sealed.length * 8 - 1 }), (bit) => {
        const forged = Uint8Array.from(sealed);
        forged[bit >> 3]! ^= 1 << (bit & 7);
        expect(codeOf(() => open(theirs, forged, nonce, binding))).toBe('OSCORE_DECRYPTION');
      }),
    );
  });

  it.each<[string, number[]]>([
    ['an option that is cut off', [1, 0xb5, 65]],
    ['a payload marker and no payload', [1, 0xff]],
    ['a reserved option delta', [1, 0xf0]],
  ])('is refused when it holds %s', (_what, plain) => {
    expect(codeOf(() => open(theirs, sealBytes(ours, bytes(...plain), nonce, binding), nonce, binding))).toBe('OSCORE_MESSAGE');
  });
});

it('a replay window takes each number once, and nothing that is older than it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 100 }), { maxLength: 200 }), (numbers) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      for (const number of numbers) {
        const highest = Math.max(-1, ...seen);
        expect(window.isNew(number)).toBe(!seen.has(number) && number > highest - WINDOW);
        if (!window.isNew(number)) continue;
        window.take(number);
        seen.add(number);
      }
    }),
  );
});

describe('numbers of a context', () => {
  type Step = 'use' | 'save' | 'crash';

  it('are used once, whenever it crashes and whatever was saved by then', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Step>('use', 'use', 'use', 'save', 'crash'), { maxLength: 200 }), (steps) => {
        let disk: OscoreMark = { sendBelow: 0 };
        let context = new OscoreContext(SECRET, { reserve: 4, mark: disk });
        let wanted = context.takeWanted();
        const used = new Set<number>();
        for (const step of steps) {
          wanted = context.takeWanted() ?? wanted;
          if (step === 'save' && wanted) {
            disk = { sendBelow: wanted.sendBelow };
            context.saved(wanted.number);
            wanted = undefined;
          } else if (step === 'crash') {
            context = new OscoreContext(SECRET, { reserve: 4, mark: disk });
            wanted = undefined;
          } else if (step === 'use') {
            const code = codeOf(() => {
              const number = sequenceOf(context.nextPiv());
              expect(used.has(number)).toBe(false);
              used.add(number);
            });
            expect(['none', 'OSCORE_SEQUENCE_EXHAUSTED']).toContain(code);
          }
        }
      }),
    );
  });

  it('are reserved again before they run out', () => {
    const context = new OscoreContext(SECRET, { reserve: 8, mark: { sendBelow: 0 } });
    for (let used = 0; used < 100; used++) {
      const wanted = context.takeWanted();
      if (wanted) context.saved(wanted.number);
      expect(sequenceOf(context.nextPiv())).toBe(used);
    }
  });

  it('end at 2^40', () => {
    const context = new OscoreContext(SECRET, { reserve: 8, mark: { sendBelow: 2 ** 40 - 1 } });
    context.saved(context.takeWanted()!.number);
    expect(sequenceOf(context.nextPiv())).toBe(2 ** 40 - 1);
    expect(codeOf(() => context.nextPiv())).toBe('OSCORE_SEQUENCE_EXHAUSTED');
  });
});
