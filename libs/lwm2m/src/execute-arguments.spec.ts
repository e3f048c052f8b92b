import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeArguments, parseArguments } from './index.ts';
import type { ExecuteArgument } from './index.ts';

const refusal = expect.objectContaining({ code: 'ARGUMENTS_INVALID', kind: 'input' });

it.each<[string, readonly ExecuteArgument[]]>([
  ['', []],
  ['5', [{ id: 5 }]],
  ["2='10.3'", [{ id: 2, value: '10.3' }]],
  ["7,0='https://www.oma.org'", [{ id: 7 }, { id: 0, value: 'https://www.oma.org' }]],
  ['0,1,2,3,4', [{ id: 0 }, { id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]],
  ["1=''", [{ id: 1, value: '' }]],
  ["1='a,2=b]~!'", [{ id: 1, value: 'a,2=b]~!' }]],
])('%s', (text, args) => {
  expect(parseArguments(text)).toEqual(args);
  expect(encodeArguments(args)).toBe(text);
});

it.each([
  '10',
  'a',
  ',',
  '1,',
  ',1',
  '1 ',
  ' 1',
  '1=',
  "1='",
  "1='a",
  '1=a',
  "1='a'b'",
  "1='a b'",
  `1='"'`,
  "1='\\'",
  "1='ü'",
  '1,1',
  "1='\n'",
  '1,,2',
  '٣',
])('refuses %j', (text) => {
  expect(() => parseArguments(text)).toThrow(refusal);
});

it.each<[string, readonly ExecuteArgument[]]>([
  ['a number of two digits', [{ id: 10 }]],
  ['a negative one', [{ id: -1 }]],
  ['a fraction', [{ id: 0.5 }]],
  ['one twice', [{ id: 1 }, { id: 1, value: 'x' }]],
  ['an apostrophe', [{ id: 1, value: "it's" }]],
  ['a space', [{ id: 1, value: 'a b' }]],
  ['a double quote', [{ id: 1, value: '"' }]],
  ['a backslash', [{ id: 1, value: '\\' }]],
  ['a line break at the end', [{ id: 1, value: 'a\n' }]],
  ['a letter that is not ASCII', [{ id: 1, value: 'ü' }]],
  ['two thousand characters', [{ id: 1, value: 'x'.repeat(2000) }]],
])('does not write %s', (_, args) => {
  expect(() => encodeArguments(args)).toThrow(refusal);
});

it('knows exactly the characters of the grammar', () => {
  const legal = (code: number): boolean => code >= 0x21 && code <= 0x7e && ![0x22, 0x27, 0x5c].includes(code);
  for (let code = 0; code < 0x180; code++) {
    const write = (): string => encodeArguments([{ id: 0, value: String.fromCharCode(code) }]);
    if (legal(code)) expect(write()).toBe(`0='${String.fromCharCode(code)}'`);
    else expect(write).toThrow(refusal);
  }
});

it('refuses or reads any text, and what it reads it writes back the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123,=\'ab" ') }), (text) => {
      let args: ExecuteArgument[];
      try {
        args = parseArguments(text);
      } catch (error) {
        expect(error).toEqual(refusal);
        return;
      }
      expect(encodeArguments(args)).toBe(text);
    }),
    { numRuns: 1000 },
  );
});
