import { expect, it } from '@jest/globals';
import { csv } from './csv.ts';

it.each<[string | number | undefined, string]>([
  ['plain', 'plain'],
  ['', ''],
  [undefined, ''],
  [-118, '-118'],
  ['a,b', '"a,b"'],
  ['say "no"', '"say ""no"""'],
  ['two\r\nlines', '"two\r\nlines"'],
  ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['a=b', 'a=b'],
])('%j is written %j', (value, expected) => {
  expect(csv(['cell'], [[value]])).toBe(`cell\r\n${expected}\r\n`);
});
