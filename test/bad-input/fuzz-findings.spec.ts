import { describe, expect, it, jest } from '@jest/globals';
import { CONTENT_FORMAT, decodeContent, decodePathList, encodeAttributes, encodeContent } from '@drover/lwm2m';
import { parseDocuments } from '@drover/gitops';
import { EndpointBench, READ } from '@drover/testkit';
import { FRESH, Script, state } from '../golden/scripted-device.ts';

/** What the fuzzer once found, each in the shortest form that shows it. */

const bytes = (text: string): Uint8Array => Buffer.from(text);

it.each([Number.MIN_VALUE, 4.9e-305, -1e-200, 1e-7, 1e21, Number.MAX_VALUE])('a Float of %d in plain text is not another one', (value) => {
  const text = encodeContent(CONTENT_FORMAT.TEXT, [{ path: '/6/0/0', value }], '/6/0/0');
  expect(Buffer.from(text).toString()).toMatch(/^-?\d+(\.\d+)?$/);
  expect(decodeContent(CONTENT_FORMAT.TEXT, text, '/6/0/0')).toEqual([{ path: '/6/0/0', value }]);
});

it.each([1e-300, 1.5e-21, 123e-22])('a threshold of %d is refused rather than sent as 0', (gt) => {
  expect(() => encodeAttributes('/3/0/9', { gt })).toThrow(/too many digits/);
});

describe('a path with leading zeros is the path without them', () => {
  it.each([
    ['SenML', CONTENT_FORMAT.SENML_JSON, '[{"bn":"/5/00/","n":"03","v":2}]'],
    ['LwM2M JSON', CONTENT_FORMAT.LWM2M_JSON, '{"bn":"/5/00/","e":[{"n":"03","v":2}]}'],
  ])('in %s', (_, format, text) => {
    expect(decodeContent(format, bytes(text), '/5/0')).toEqual([{ path: '/5/0/3', value: 2 }]);
  });

  it('in the list of a composite request, where it may not come twice', () => {
    expect(decodePathList(CONTENT_FORMAT.SENML_JSON, bytes('[{"n":"/5/025"}]'))).toEqual(['/5/25']);
    expect(() => decodePathList(CONTENT_FORMAT.SENML_JSON, bytes('[{"n":"/5/25"},{"n":"/5/025"}]'))).toThrow(/comes twice/);
    expect(() => decodePathList(CONTENT_FORMAT.SENML_JSON, bytes('[{"n":"/5/0"},{"n":"/5/00/3"}]'))).toThrow(/within/);
  });
});

it.each([
  ['twice', '/3/0/9'],
  ['with instances and without', '/3/0/9/0'],
])('a TLV with a resource %s is refused rather than written with one value missing', (_, path) => {
  const values = [
    { path: '/3/0/9', value: 1 },
    { path, value: 2 },
  ];
  expect(() => encodeContent(CONTENT_FORMAT.TLV, values, '/3/0')).toThrow(/resource 9 twice/);
});

it('an observation of a device that is silent is not renewed into a list without end', () => {
  const bench = new EndpointBench({ maxQueuedPerPeer: 2 });
  const handle = bench.endpoint.request('192.0.2.1:5683', { ...READ, observe: 0 }, bench.now);
  bench.answer(bench.last(), 69, { options: { observe: 1 } });
  const renewed = Array.from({ length: 20 }, () => bench.endpoint.refreshObservation(handle, bench.now));
  expect(renewed.filter((again) => again !== undefined)).toHaveLength(5);
  expect(bench.endpoint.cancelObservation(handle, bench.now)).toBeDefined();
});

describe('an answer that comes during a Hold', () => {
  const whatFollows = (script: Script): string[] => script.said().filter((line) => /^(start-push|serve on|write)/.test(line));

  it('begins no push; the push begins when the Hold is lifted', () => {
    const script = new Script(FRESH, { method: 'Push' }).run('observe /5/0');
    script.say('suspend').run();
    expect(whatFollows(script)).toEqual([]);
    script.say('resume').run();
    expect(whatFollows(script)).toEqual(['start-push 0']);
  });

  it('serves no image; it is served when the Hold is lifted', () => {
    const script = new Script({ ...FRESH, ...state(0, 5) }, { method: 'Pull' }).run('write /5/0/1 ""');
    script.say('suspend').run();
    expect(whatFollows(script)).toEqual(['write /5/0/1 ""']);
    expect(script.conversation.serving).toBe(false);
    script.say('resume').run();
    expect(script.conversation).toMatchObject({ serving: true, phase: 'downloading' });
  });
});

it('a document with odd keys prints nothing', () => {
  const printed = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  expect(parseDocuments('{{a: b}: 1, [c]: 2}', 'odd.yaml').faults).toHaveLength(1);
  expect(printed).not.toHaveBeenCalled();
});

it('keys within keys take no time that doubles with each of them', () => {
  const started = performance.now();
  expect(parseDocuments(`${'? '.repeat(60)}x`, 'keys.yaml').faults).toMatchObject([{ code: 'YAML_SYNTAX', line: 1, column: 3 }]);
  expect(performance.now() - started).toBeLessThan(1000);
});
