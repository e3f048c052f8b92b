import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LIMITS, ObjectModels } from '@drover/lwm2m';
import { scratchFolder } from '@drover/testkit';
import { loadObjectModels } from './object-model-files.ts';

let folder: ReturnType<typeof scratchFolder>;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => folder.remove());

const definition = (id: string | number, version = '1.0'): string => `<LWM2M>
<Object ObjectType="MODefinition"><Name>Valve</Name><ObjectID>${id}</ObjectID><ObjectVersion>${version}</ObjectVersion>
<MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory>
<Resources><Item ID="1"><Name>Open</Name><Operations>RW</Operations><MultipleInstances>Single</MultipleInstances>
<Mandatory>Mandatory</Mandatory><Type>Boolean</Type></Item></Resources></Object></LWM2M>`;
const put = (name: string, text: string): void => writeFileSync(folder.file(name), text);

it('reads every definition of the folder, and nothing else in it', () => {
  put('b.xml', definition(26_301));
  put('a.XML', definition(26_300, '1.1'));
  put('readme.txt', 'not XML');
  const models = loadObjectModels(folder.path);
  expect(models.map(({ id, version }) => `${id}/${version}`)).toEqual(['26300/1.1', '26301/1.0']);
  expect(ObjectModels.with(models).resource('/26301/0/1')).toMatchObject({ name: 'Open', type: 'Boolean' });
});

it('no folder is no definitions', () => {
  expect(loadObjectModels('')).toEqual([]);
});

describe('stops the start', () => {
  it('with all faults of all files, each with its file and line', () => {
    put('1-broken.xml', '<LWM2M>\n<Object>\n</LWM2M>');
    put('2-good.xml', definition(26_300));
    put('3-wrong.xml', definition('x'));
    put('4-twin.xml', definition(26_300));
    put('5-huge.xml', ' '.repeat(4 * LIMITS.modelCharacters + 1));
    mkdirSync(folder.file('6-folder.xml'));
    expect(() => loadObjectModels(folder.path)).toThrow(
      expect.objectContaining({
        code: 'OBJECT_MODELS_INVALID',
        kind: 'input',
        message: expect.stringContaining('1-broken.xml:3: MODEL_MALFORMED'),
        details: [
          expect.objectContaining({ file: '1-broken.xml', line: 3, code: 'MODEL_MALFORMED' }),
          expect.objectContaining({ file: '3-wrong.xml', line: 2, code: 'MODEL_INVALID' }),
          expect.objectContaining({ file: '5-huge.xml', code: 'MODEL_TOO_LARGE' }),
          expect.objectContaining({ file: '6-folder.xml', code: 'MODEL_UNREADABLE' }),
          expect.objectContaining({ file: '4-twin.xml', code: 'MODEL_DUPLICATE', message: expect.stringContaining('2-good.xml') }),
        ],
      }),
    );
  });

  it('where there is no such folder', () => {
    expect(() => loadObjectModels(folder.file('nowhere'))).toThrow(
      expect.objectContaining({ code: 'OBJECT_MODELS_INVALID', message: expect.stringContaining('ENOENT') }),
    );
  });
});
