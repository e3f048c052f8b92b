import { describe, expect, it } from '@jest/globals';
import { parseRegister } from '@drover/lwm2m';
import { profileOf, type ProfileName } from '../profiles/profiles.ts';
import { newFlash } from './flash.ts';
import { objectLinks } from './object-links.ts';

const linksOf = (name: ProfileName): string => objectLinks(profileOf(name), newFlash(profileOf(name), 80, 3600));

describe('the object list', () => {
  it.each([
    ['pull', '</>;rt=oma.lwm2m;ct="0 110 112 11542",</1/0>,</3/0>,</4>;ver=1.3,</4/0>,</5>;ver=1.1,</5/0>'],
    ['names-no-binding', '</1/0>,</3/0>,</4/0>,</5/0>'],
    ['quotes-versions', '</1/0>,</3/0>,</4>;ver="1.3",</4/0>,</5>;ver="1.1",</5/0>'],
    ['server-object-at-1', '</>;rt=oma.lwm2m;ct="0 110 112 11542",</1/1>,</3/0>,</4>;ver=1.3,</4/0>,</5/0>'],
  ] as const)('%s', (name, expected) => {
    expect(linksOf(name).replaceAll('rt="oma.lwm2m"', 'rt=oma.lwm2m')).toBe(expected);
  });

  it.each([
    ['alternate-path', '/lwm2m', [1, 3, 4, 5]],
    ['pushed-by-object-19', '/', [1, 3, 4, 5, 19]],
    ['software', '/', [1, 3, 4, 9]],
    ['software-creates', '/', [1, 3, 4]],
    ['advanced-beside-object-5', '/', [1, 3, 4, 5, 33629]],
  ] as const)('%s is understood by a server', (name, rootPath, objects) => {
    const outcome = parseRegister({ query: ['ep=d', 'lwm2m=1.1'], payload: Buffer.from(linksOf(name)) });
    if (outcome.type !== 'registration') throw new Error(outcome.why);
    expect(outcome.registration.rootPath).toBe(rootPath);
    expect(outcome.registration.objects.map(({ object }) => object).sort((a, b) => a - b)).toEqual(objects);
  });
});
