import { describe, expect, it } from '@jest/globals';
import { AT, FRESH, Script, state, URI } from '../../../test/golden/scripted-device.ts';
import type { Resources } from '../../../test/golden/scripted-device.ts';
import type { FirmwareInput, FirmwareOrder } from './index.ts';

type At = keyof typeof AT;

const INPUTS: Record<string, FirmwareInput> = {
  'answer to something else': { type: 'answer', op: { type: 'read', path: '/3/0/9' }, code: '2.05', values: [] },
  'no answer to something else': { type: 'no-answer', op: { type: 'read', path: '/3/0/9' } },
  'block-acknowledged': { type: 'block-acknowledged', offset: 1024 },
  'push-finished': { type: 'push-finished' },
  'push lost': { type: 'push-failed', why: 'lost', offset: 2048 },
  'push rejected': { type: 'push-failed', why: 'rejected', offset: 2048 },
  'block-served': { type: 'block-served', offset: 0, length: 1024 },
  'last block served': { type: 'block-served', offset: 3072, length: 1024 },
  'observed State': { type: 'observed', values: [{ path: '/5/0/3', value: 2 }] },
  'observed something else': { type: 'observed', values: [{ path: '/3/0/9', value: 50 }] },
  execute: { type: 'execute' },
  cancel: { type: 'cancel' },
  registered: { type: 'registered' },
  moved: { type: 'moved' },
  contact: { type: 'contact' },
  suspend: { type: 'suspend' },
  resume: { type: 'resume' },
  tick: { type: 'tick' },
};

/** Every pair not listed says nothing and stays where it is. */
const MOVES: Record<string, string> = {
  'probing + cancel': 'cancelling: read /5/0',
  'probing + registered': 'probing: read /5/0',
  'probing + moved': 'probing: read /5/0',
  'resetting + cancel': 'cancelling: read /5/0',
  'resetting + registered': 'resetting: write /5/0/1 ""',
  'resetting + moved': 'resetting: write /5/0/1 ""',
  'preparing + cancel': 'cancelling: read /5/0',
  'preparing + registered': 'preparing: write /5/0/14 false',
  'preparing + moved': 'preparing: write /5/0/14 false',
  'offering + block-served': 'offering: !download-started, !progress 1024',
  'offering + last block served': 'offering: !download-started, !progress 4096, wait settle',
  'offering + cancel': 'cancelling: serve off, read /5/0',
  'offering + registered': `offering: write /5/0/1 "${URI}"`,
  'offering + moved': `offering: write /5/0/1 "${URI}"`,
  'offering + suspend': 'offering: serve off',
  'downloading + block-served': 'downloading: !download-started, !progress 1024',
  'downloading + last block served': 'downloading: !download-started, !progress 4096, wait settle',
  'downloading + observed State': 'downloading: wait settle',
  'downloading + cancel': 'cancelling: serve off, read /5/0',
  'downloading + registered': 'downloading: observe /5/0',
  'downloading + moved': 'downloading: observe /5/0',
  'downloading + suspend': 'downloading: serve off',
  'pushing + block-acknowledged': 'downloading: !offered, !download-started, !progress 1024',
  'pushing + push-finished': 'downloading: read /5/0',
  'pushing + push lost': 'downloading: !session-lost 2048, read /5/0',
  'pushing + push rejected': 'downloading: read /5/0',
  'pushing + cancel': 'cancelling: stop-push, read /5/0',
  'pushing + registered': 'downloading: !session-lost 0, stop-push, observe /5/0',
  'pushing + moved': 'downloading: observe /5/0',
  'pushing + suspend': 'downloading: stop-push',
  'downloaded + observed State': 'downloaded: wait settle',
  'downloaded + execute': 'downloaded: read /5/0',
  'downloaded + cancel': 'cancelling: serve off, read /5/0',
  'downloaded + registered': 'downloaded: observe /5/0',
  'downloaded + moved': 'downloaded: observe /5/0',
  'downloaded + suspend': 'downloaded: serve off',
  'executing + cancel': 'cancelling: serve off, read /5/0',
  'executing + registered': 'installing: !execute-unknown, observe /5/0',
  'executing + moved': 'installing: !execute-unknown, observe /5/0',
  'executing + suspend': 'executing: serve off',
  'installing + observed State': 'installing: wait settle',
  'installing + cancel': 'cancelling: serve off, read /5/0',
  'installing + registered': 'installing: observe /5/0',
  'installing + moved': 'installing: observe /5/0',
  'installing + suspend': 'installing: serve off',
  'verifying + cancel': 'cancelling: serve off, read /5/0',
  'verifying + registered': 'verifying: read /3/0/3',
  'verifying + moved': 'verifying: read /3/0/3',
  'verifying + suspend': 'verifying: serve off',
  'cancelling + registered': 'cancelling: execute /5/0/10',
  'cancelling + moved': 'cancelling: execute /5/0/10',
};

const phaseOf = (at: At): string => (at === 'pushing' ? 'downloading' : at);
const pairs = (Object.keys(AT) as At[]).flatMap((at) => Object.keys(INPUTS).map((input) => ({ at, input })));

it.each(pairs)('$at + $input', ({ at, input }) => {
  const script = AT[at]();
  expect(script.conversation.phase).toBe(phaseOf(at));
  script.said();
  script.give(INPUTS[input]!);
  const outcome = `${script.conversation.phase}: ${script.said().join(', ')}`;
  expect(outcome).toBe(MOVES[`${at} + ${input}`] ?? `${phaseOf(at)}: `);
});

it('lists only pairs that exist', () => {
  const known = pairs.map(({ at, input }) => `${at} + ${input}`);
  expect(Object.keys(MOVES).filter((pair) => !known.includes(pair))).toEqual([]);
});

describe('the beginning', () => {
  it.each<[string, Resources, Partial<FirmwareOrder>, string]>([
    ['pull before push', FRESH, {}, '!capability Pull'],
    ['push when asked', FRESH, { method: 'Push' }, '!capability Push'],
    ['delivery method 1 only', { ...FRESH, '/5/0/9': 1 }, {}, '!capability Push'],
    ['delivery method 0 only', { ...FRESH, '/5/0/9': 0 }, {}, '!capability Pull'],
    ['push where the scheme is missing', { ...FRESH, '/5/0/8/0': 2 }, {}, '!capability Push'],
    ['no list of protocols means CoAP', { '/5/0/3': 0, '/5/0/5': 0, '/5/0/9': 0, '/3/0/3': '1' }, {}, '!capability Pull'],
    ['pull impossible', { ...FRESH, '/5/0/9': 1 }, { method: 'Pull' }, '!refused UnsupportedProtocol'],
    ['push impossible', { ...FRESH, '/5/0/9': 0 }, { method: 'Push' }, '!refused UnsupportedProtocol'],
    ['scheme missing and no push', { ...FRESH, '/5/0/8/0': 3, '/5/0/9': 0 }, {}, '!refused UnsupportedProtocol'],
    ['no Firmware Update object', { '/3/0/3': '2.0.0' }, {}, '!refused Refused'],
  ])('%s', (_, resources, order, fact) => {
    expect(new Script(resources, order).run().facts()).toContain(fact);
  });

  it('reads single resources where the instance cannot be read', () => {
    const script = new Script();
    script.answers['read /5/0'] = '4.05';
    script.run();
    expect(script.said().filter((line) => line.startsWith('read'))).toEqual([
      'read /5/0',
      ...['/5/0/9', '/5/0/8', '/5/0/1', '/5/0/14', '/5/0/3', '/5/0/5', '/3/0/3'].map((path) => `read ${path}`),
    ]);
    expect(script.conversation.phase).toBe('downloading');
    script.be(state(2)).later();
    expect(script.facts()).toEqual(['!state 2/0', '!download-finished']);
  });

  it('offers nothing to a device that has the version', () => {
    const script = new Script({ ...FRESH, ...state(0, 1), '/3/0/3': '2.1.0' }).run();
    expect(script.said().at(-1)).toBe('!capability Pull');
    expect(script.conversation.phase).toBe('ended');
  });

  it.each([
    ['the URI', 'write /5/0/1 ""', ['write /5/0/1 ""']],
    ['the Package', 'write /5/0/0 [0]', ['write /5/0/1 ""', 'write /5/0/0 [0]']],
    ['Cancel', 'execute /5/0/10', ['write /5/0/1 ""', 'write /5/0/0 [0]', 'execute /5/0/10']],
  ])('resets a stale State 2 by %s, believing only what it reads back', (_, works, ways) => {
    const script = new Script({ ...FRESH, ...state(2), '/5/0/1': 'coap://other' });
    script.effects[works] = { ...state(0), '/5/0/1': '' };
    script.run();
    const resets = script.said().filter((line) => /write \/5\/0\/[01] ("")?(\[0\])?$|execute/.test(line));
    expect(resets).toEqual(ways);
    expect(script.conversation.phase).toBe('downloading');
  });

  it('clears an old Result, and does not take it for its own where it cannot be cleared', () => {
    const script = new Script({ ...FRESH, ...state(0, 5) }).run();
    expect(script.said()).toContain('write /5/0/1 ""');
    script.later();
    expect(script.facts()).toEqual([]);
    script.be(state(1)).later().be(state(0, 5)).later();
    expect(script.facts()).toEqual(['!state 1/0', '!state 0/5', '!failed Integrity 5']);
  });

  it('switches the automatic upgrade off and reads it back', () => {
    const script = new Script({ ...FRESH, '/5/0/14': true });
    script.effects['write /5/0/14 false'] = { '/5/0/14': false };
    expect(script.run().conversation.phase).toBe('downloading');
  });

  it.each([['2.04'], ['4.05']])('refuses a device that answers %s and keeps upgrading by itself', (code) => {
    const script = new Script({ ...FRESH, '/5/0/14': true });
    script.answers['write /5/0/14 false'] = code;
    expect(script.run().facts()).toContain('!refused Refused');
    expect(script.conversation.phase).toBe('ended');
  });

  it('leaves it on when the order allows it', () => {
    expect(new Script({ ...FRESH, '/5/0/14': true }, { activation: { automaticUpgrade: 'Leave' } }).run().said()).not.toContain(
      'write /5/0/14 false',
    );
  });

  it('observes what it can, and polls in any case', () => {
    const script = new Script();
    script.answers['observe /5/0'] = '4.05';
    script.answers['observe /5/0/3'] = '4.05';
    expect(script.run().said().slice(-5)).toEqual(['observe /5/0', 'observe /5/0/3', `write /5/0/1 "${URI}"`, '!offered', 'wait poll']);
    expect(script.later().said()).toEqual(['read /5/0', 'wait poll']);
  });

  const rebooted = (resources: Resources): Script => {
    const script = AT.installing();
    script.tellsWhenObserved = true;
    script.said();
    return script.be(resources).say('registered').run();
  };

  it('does not read what Observe has been answered with', () => {
    expect(rebooted({ ...state(0, 1), '/3/0/3': '2.1.0' }).said()).toEqual([
      'observe /5/0',
      '!state 0/1',
      'read /3/0/3',
      '!version 2.1.0 from /3/0/3 0/1',
      'serve off',
    ]);
  });

  it('reads what Observe was answered without', () => {
    const script = AT.installing().without('/5/0/5');
    script.tellsWhenObserved = true;
    script.said();
    expect(script.be({ '/5/0/3': 0 }).say('registered').run().said().slice(0, 2)).toEqual(['observe /5/0', 'read /5/0']);
  });
});
