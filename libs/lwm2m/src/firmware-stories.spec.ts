import { describe, expect, it } from '@jest/globals';
import { AT, FRESH, ORDER, Script, state, URI } from '../../../test/golden/scripted-device.ts';
import type { Resources } from '../../../test/golden/scripted-device.ts';
import type { FirmwareOrder } from './index.ts';

describe('whole stories', () => {
  it('pull', () => {
    const script = new Script().run();
    expect(script.said()).toEqual([
      'read /5/0',
      'read /3/0/3',
      '!state 0/0',
      '!version 2.0.0 from /3/0/3 0/0',
      '!capability Pull',
      'serve on',
      'observe /5/0',
      `write /5/0/1 "${URI}"`,
      '!offered',
      'wait poll',
    ]);
    script.be(state(1)).serve(0).serve(1024).serve(2048).serve(3072);
    script.be(state(2)).later(5000);
    expect(script.said().slice(-5)).toEqual(['!progress 4096', 'wait settle', 'read /5/0', '!state 2/0', '!download-finished']);
    script.say('execute').run();
    expect(script.said()).toEqual(['read /5/0', 'execute /5/0/2', '!install-started', 'wait poll']);
    script
      .be({ ...state(0, 1), '/3/0/3': '2.1.0' })
      .say('registered')
      .run();
    expect(script.said()).toEqual([
      'observe /5/0',
      'read /5/0',
      '!state 0/1',
      'read /3/0/3',
      '!version 2.1.0 from /3/0/3 0/1',
      'serve off',
    ]);
    expect(script.conversation.phase).toBe('ended');
  });

  it('push', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run();
    expect(script.said().slice(-3)).toEqual(['!capability Push', 'observe /5/0', 'start-push 0']);
    for (const offset of [1024, 2048, 3072, 4096]) script.acknowledge(offset);
    script.be(state(2)).say('push-finished').run();
    expect(script.said()).toEqual([
      '!offered',
      '!download-started',
      ...['1024', '2048', '3072', '4096'].map((offset) => `!progress ${offset}`),
      'read /5/0',
      '!state 2/0',
      '!download-finished',
    ]);
  });

  it.each([
    [5, '!failed Integrity 5'],
    [3, '!failed OutOfMemory 3'],
    [6, '!failed UnsupportedPackage 6'],
  ])('a push answered 2.04 with Result %d is a failure', (result, fact) => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run();
    script.acknowledge(4096).be(state(0, result)).say('push-finished').run();
    expect(script.facts().at(-1)).toBe(fact);
  });

  it.each([
    [2, 'InsufficientFlash'],
    [4, 'ConnectionLost'],
    [7, 'InvalidURI'],
    [9, 'UnsupportedProtocol'],
    [10, 'Cancelled'],
  ])('a pull that ends in Result %d', (result, name) => {
    const script = new Script().run().be(state(0, result)).later();
    expect(script.facts().at(-1)).toBe(`!failed ${name} ${result}`);
    expect(script.conversation).toMatchObject({ phase: 'ended', serving: false });
  });

  it('a URI refused with 4.00 and Result 9', () => {
    const script = new Script();
    script.answers[`write /5/0/1 "${URI}"`] = '4.00';
    script.effects[`write /5/0/1 "${URI}"`] = state(0, 9);
    expect(script.run().facts().at(-1)).toBe('!failed UnsupportedProtocol 9');
  });

  it('a URI refused for no reason', () => {
    const script = new Script();
    script.answers[`write /5/0/1 "${URI}"`] = '4.00';
    expect(script.run().facts().at(-1)).toBe('!refused Refused');
  });

  it('a URI that arrived though its answer did not', () => {
    const script = new Script().run(`write /5/0/1 "${URI}"`).silent();
    script.answers[`write /5/0/1 "${URI}"`] = '4.00';
    script
      .be({ ...state(1), '/5/0/1': URI })
      .say('contact')
      .run();
    expect(script.facts().slice(-2)).toEqual(['!state 1/0', '!offered']);
    expect(script.conversation.phase).toBe('downloading');
  });

  it('Result is notified before State: a hint, and one look at both', () => {
    const script = new Script().run().be(state(1)).later();
    script.said();
    script.give({ type: 'observed', values: [{ path: '/5/0/5', value: 5 }] });
    expect(script.said()).toEqual(['wait settle']);
    script.be(state(0, 5)).later(1500);
    expect(script.said()).toEqual(['read /5/0', '!state 0/5', '!failed Integrity 5', 'serve off']);
  });

  it('a stub that answers 2.04 to everything is never believed', () => {
    const stuckInOne = new Script({ ...FRESH, ...state(1) }).run();
    expect(stuckInOne.facts().at(-1)).toBe('!refused Refused');

    const stuckInZero = new Script({ ...FRESH, '/5/0/9': 1 }).run().acknowledge(4096).say('push-finished').run().later(5000).later(5000);
    expect(stuckInZero.facts().at(-1)).toBe('!refused Refused');

    const stuckInTwo = new Script().run().be(state(2)).later().say('execute').run();
    stuckInTwo.said();
    for (let i = 0; i < 20; i++) stuckInTwo.later();
    expect(stuckInTwo.conversation.phase).toBe('installing');
    expect(stuckInTwo.facts()).toEqual([]);
  });
});

describe('losing touch', () => {
  it('asks again with the next contact', () => {
    const script = new Script();
    script.silent();
    expect(script.said()).toEqual(['read /5/0']);
    expect(script.later().said()).toEqual([]);
    script.say('contact');
    expect(script.said()).toEqual(['read /5/0']);
  });

  it('asks a busy device again after a pause', () => {
    const script = new Script({ ...FRESH, ...state(2) });
    script.answers['write /5/0/1 ""'] = '5.03';
    script.run();
    expect(script.said().slice(-2)).toEqual(['write /5/0/1 ""', 'wait busy']);
    script.now += 30_000;
    expect(script.say('tick').said()).toEqual(['write /5/0/1 ""']);
  });

  it('goes on with a push where it was lost, in State 1 or not yet seen to move', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run().acknowledge(1024).acknowledge(2048);
    script.said();
    script.give({ type: 'push-failed', why: 'lost', offset: 2048 }).silent();
    script.be(state(1)).say('contact').run();
    expect(script.said()).toEqual(['!session-lost 2048', 'read /5/0', 'read /5/0', '!state 1/0', 'start-push 2048']);
  });

  it('pushes from the start after a reboot', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run().acknowledge(2048);
    script.said();
    script.say('registered').run();
    expect(script.said()).toEqual(['!session-lost 2048', 'stop-push', 'observe /5/0', 'read /5/0', 'start-push 0']);
  });

  it('gives a push up that gets nowhere', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run();
    for (let i = 0; i < 4; i++) script.give({ type: 'push-failed', why: 'lost', offset: 0 }).run();
    expect(script.facts().at(-1)).toBe('!failed ConnectionLost 0');
  });

  it.each([
    ['its last block was in doubt', (script: Script) => script.give({ type: 'push-finished', certain: false })],
    ['it has registered again since', (script: Script) => script.give({ type: 'push-finished' }).give({ type: 'registered' })],
  ])('pushes the whole image again when State 0 shows nothing of it and %s', (_, ended) => {
    const script = ended(new Script({ ...FRESH, '/5/0/9': 1 }).run().acknowledge(4096)).run();
    expect(script.later(5000).later(5000).said().at(-1)).toBe('start-push 0');
    script.acknowledge(4096).be(state(2)).say('push-finished').run();
    expect(script.facts().at(-1)).toBe('!download-finished');
  });

  it('resets a device that rejects the first block in State 1, because it waits for the rest of another push', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run().be(state(1));
    script.effects['write /5/0/1 ""'] = state(0);
    script.said();
    const reject = (): Script => script.give({ type: 'push-failed', why: 'rejected', offset: 0 }).run();
    expect(reject().said()).toEqual(['read /5/0', '!state 1/0', 'write /5/0/1 ""', 'read /5/0', '!state 0/0', 'start-push 0']);
    expect(reject().facts().at(-1)).toBe('!refused Refused');
  });

  it('a rejection at the same place as before is no verdict when blocks past it were taken meanwhile', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run();
    script.acknowledge(1024).give({ type: 'push-failed', why: 'rejected', offset: 1024 }).run();
    script.acknowledge(3072).give({ type: 'push-failed', why: 'rejected', offset: 1024 }).run();
    expect(script.said().at(-1)).toBe('start-push 0');
  });

  it('takes a block rejected here now, there then, for a device that loses its part, and no verdict', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run();
    for (const offset of [1024, 3072, 1024, 2048]) script.acknowledge(offset).give({ type: 'push-failed', why: 'rejected', offset }).run();
    expect(script.facts().at(-1)).toBe('!failed ConnectionLost 0');
  });

  it.each([
    ['State 0', {}, ['read /5/0', 'start-push 0']],
    ['State 1', state(1), ['read /5/0', '!state 1/0', 'write /5/0/1 ""', 'read /5/0', '!state 0/0', 'start-push 0']],
  ] as const)(
    'begins a push anew when a block in the middle is rejected in %s, and not when it is the same one again',
    (_, resources, said) => {
      const script = new Script({ ...FRESH, '/5/0/9': 1 }).run().acknowledge(2048).be(resources);
      script.effects['write /5/0/1 ""'] = state(0);
      script.said();
      script.give({ type: 'push-failed', why: 'rejected', offset: 2048 }).run();
      expect(script.said()).toEqual(said);
      script.acknowledge(2048).give({ type: 'push-failed', why: 'rejected', offset: 2048 }).run();
      expect(script.facts().at(-1)).toBe('!refused Refused');
    },
  );

  it('names an image that is too large, or rejected', () => {
    const tooLarge = new Script({ ...FRESH, '/5/0/9': 1 }).run().give({ type: 'push-failed', why: 'too-large', offset: 0 }).run();
    expect(tooLarge.facts().at(-1)).toBe('!failed InsufficientFlash 0');
    const rejected = new Script({ ...FRESH, '/5/0/9': 1 }).run().give({ type: 'push-failed', why: 'rejected', offset: 0 }).run();
    expect(rejected.facts().at(-1)).toBe('!refused Refused');
  });

  it('lets a pull go on after a reboot, and offers again when the device has forgotten it', () => {
    const script = new Script().run().be(state(1)).serve(0).later();
    script.say('registered').run();
    script.said();
    script.serve(1024).be(state(0)).say('registered').run();
    expect(script.said()).toContain('wait poll');
    script.later();
    expect(script.said()).toEqual(['read /5/0', 'wait settle']);
    script.later(1500);
    expect(script.said()).toEqual(['read /5/0', '!session-lost 2048', `write /5/0/1 "${URI}"`, '!offered', 'wait poll']);
  });

  it('is not looked at while it says that it downloads and fetches block after block', () => {
    const script = new Script().run().be(state(1)).serve(0).later();
    script.later(100_000).serve(1024).said();
    expect(script.later(35_000).said()).toEqual(['wait poll']);
    expect(script.later(99_000).said()).toEqual([]);
    expect(script.later(1000).said()).toContain('read /5/0');
  });

  it('reports silence once, while the device is awake', () => {
    const script = new Script().run().be(state(1)).serve(0);
    script.said();
    script.now += ORDER.inactivityMs;
    expect(script.say('tick').facts()).toEqual(['!session-lost 1024']);
    expect(script.say('tick').facts()).toEqual([]);
    expect(script.serve(1024).facts()).toEqual(['!progress 2048']);
  });

  it('begins again in the middle of its own pull', () => {
    const script = new Script({ ...FRESH, ...state(1), '/5/0/1': URI }, { keepOffset: 2048 }).run();
    expect(script.said().slice(-5)).toEqual(['!capability Pull', 'serve on', 'observe /5/0', '!offered', 'wait poll']);
    script.serve(2048);
    expect(script.facts()).toEqual(['!download-started', '!progress 3072']);
  });

  it('begins again in the middle of its own push', () => {
    const script = new Script({ ...FRESH, ...state(1), '/5/0/9': 1 }, { keepOffset: 2048 }).run();
    expect(script.said().at(-1)).toBe('start-push 2048');
  });

  it.each<[string, Resources, Partial<FirmwareOrder>]>([
    ['by its URI', { '/5/0/1': URI }, {}],
    ['by its complete push', { '/5/0/9': 1 }, { keepOffset: 4096 }],
  ])('knows an image in State 2 as its own %s', (_, resources, order) => {
    const script = new Script({ ...FRESH, ...state(2), ...resources }, order).run();
    expect(script.facts().at(-1)).toBe('!download-finished');
    expect(script.conversation.phase).toBe('downloaded');
  });

  it('waits out an installation it finds under way', () => {
    const script = new Script({ ...FRESH, ...state(3) }).run();
    expect(script.conversation.phase).toBe('installing');
    script.be({ ...state(0, 1), '/3/0/3': '2.1.0' }).later();
    expect(script.facts().at(-1)).toBe('!version 2.1.0 from /3/0/3 0/1');
  });
});

describe('installing', () => {
  const executed = (): Script => {
    const script = AT.installing();
    script.said();
    return script;
  };

  it.each<[string, Resources, string[]]>([
    ['0/1 and the version', { ...state(0, 1), '/3/0/3': '2.1.0' }, ['!state 0/1', '!version 2.1.0 from /3/0/3 0/1']],
    ['0/1 and the old version', state(0, 1), ['!state 0/1', '!version 2.0.0 from /3/0/3 0/1']],
    ['0/0 and the version', { ...state(0), '/3/0/3': '2.1.0' }, ['!state 0/0', '!version 2.1.0 from /3/0/3 0/0']],
    ['0/0 and the old version', state(0), ['!state 0/0', '!version 2.0.0 from /3/0/3 0/0']],
    ['0/8 and the old version', state(0, 8), ['!state 0/8', '!version 2.0.0 from /3/0/3 0/8', '!failed UpdateFailed 8']],
    ['0/8 and the version', { ...state(0, 8), '/3/0/3': '2.1.0' }, ['!state 0/8', '!version 2.1.0 from /3/0/3 0/8']],
    ['0/10', state(0, 10), ['!state 0/10', '!version 2.0.0 from /3/0/3 0/10', '!cancelled']],
    ['2/8', state(2, 8), ['!state 2/8', '!failed UpdateFailed 8']],
    ['2/11', state(2, 11), ['!state 2/11', '!failed Deferred 11']],
    ['2/0', state(2), []],
    ['3/0', state(3), ['!state 3/0']],
  ])('a device that registers with %s', (_, resources, facts) => {
    // A second look after 0/0 with the old version: the Result may come after the State.
    expect(executed().be(resources).say('registered').run().later(1500).facts()).toEqual(facts);
  });

  it.each([
    ['2/8', state(2, 8)],
    ['2/11', state(2, 11)],
    ['2/0', state(2)],
  ])('may be tried again after %s, by a new permission only', (_, resources) => {
    const script = executed().be(resources).say('registered').run();
    script.said();
    script.later();
    expect(script.said()).toEqual([]);
    script.say('execute').run();
    expect(script.said()).toContain('execute /5/0/2');
  });

  it('finishes without a new Register too', () => {
    expect(
      executed()
        .be({ ...state(0, 1), '/3/0/3': '2.1.0' })
        .later()
        .facts(),
    ).toContain('!version 2.1.0 from /3/0/3 0/1');
  });

  it('takes the package version as a hint where the device has no other', () => {
    const script = executed().be({ ...state(0, 1), '/5/0/7': '2.1.0' });
    delete script.resources['/3/0/3'];
    expect(script.say('registered').run().facts()).toContain('!version 2.1.0 from /5/0/7 0/1');
  });

  it.each<[string, Resources, string, string]>([
    ['arrived', state(3), 'installing', '!state 3/0'],
    ['did not arrive', state(2), 'downloaded', '!state 2/0'],
    ['was quick', { ...state(0, 1), '/3/0/3': '2.1.0' }, 'ended', '!state 0/1'],
  ])('an Execute without answer that %s is looked into, never repeated', (_, resources, phase, told) => {
    const script = AT.executing();
    script.said();
    script.silent();
    expect(script.said()).toEqual(['!execute-unknown']);
    script.be(resources).say('contact').run();
    expect(script.conversation.phase).toBe(phase);
    const said = script.said();
    expect(said).toContain(told);
    expect(said).not.toContain('execute /5/0/2');
  });

  it('an Execute refused in State 2 waits for another permission', () => {
    const script = AT.executing();
    script.answers['execute /5/0/2'] = '4.05';
    expect(script.run().facts().at(-1)).toBe('!failed Deferred 0');
    expect(script.conversation.phase).toBe('downloaded');
  });

  it('looks before it executes: an image that is gone is offered again', () => {
    const script = AT.downloaded();
    script.said();
    script.be(state(0)).say('execute').run();
    expect(script.said()).toContain(`write /5/0/1 "${URI}"`);
    expect(script.said()).not.toContain('execute /5/0/2');
  });

  it('spends a permission once', () => {
    const script = AT.downloaded().say('execute').say('execute').run().say('execute').run();
    expect(script.said().filter((line) => line === 'execute /5/0/2')).toHaveLength(1);
  });
});

describe('cancelling', () => {
  it.each([
    [1, 'execute /5/0/10', state(0, 10)],
    [2, 'execute /5/0/10', state(0, 10)],
    [1, 'write /5/0/1 ""', state(0)],
    [2, 'write /5/0/0 [0]', state(0)],
  ])('in State %d by %s', (value, way, effect) => {
    const script = new Script().run().be(state(value)).later();
    script.effects[way] = effect;
    expect(script.say('cancel').run().facts().at(-1)).toBe('!cancelled');
    expect(script.conversation.phase).toBe('ended');
  });

  it('in State 3 is refused, and the installation waited out', () => {
    const script = AT.installing().be(state(3));
    script.said();
    script.say('cancel').run();
    expect(script.facts()).toEqual(['!state 3/0', '!cancel-refused 3']);
    script
      .be({ ...state(0, 1), '/3/0/3': '2.1.0' })
      .say('registered')
      .run();
    expect(script.facts()).toContain('!version 2.1.0 from /3/0/3 0/1');
  });

  it('after it was installed is too late', () => {
    const script = AT.installing().be({ ...state(0, 1), '/3/0/3': '2.1.0' });
    script.said();
    expect(script.say('cancel').run().facts()).toEqual(['!state 0/1', '!cancel-refused 0', '!version 2.1.0 from /3/0/3 0/1']);
  });

  it('where nothing works is refused', () => {
    expect(new Script().run().be(state(1)).say('cancel').run().facts().at(-1)).toBe('!cancel-refused 1');
  });

  it('waits for a device that is away', () => {
    const script = new Script().run().be(state(1)).say('cancel').silent();
    script.effects['execute /5/0/10'] = state(0, 10);
    script.said();
    expect(script.say('contact').run().facts().at(-1)).toBe('!cancelled');
  });

  it('works under a Hold', () => {
    const script = new Script().run().say('suspend').say('cancel').run();
    expect(script.facts().at(-1)).toBe('!cancelled');
  });
});
