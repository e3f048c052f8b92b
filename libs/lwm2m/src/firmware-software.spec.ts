import { describe, expect, it } from '@jest/globals';
import { Script, slot, SOFTWARE, URI, type Resources } from '../../../test/golden/scripted-device.ts';

const EMPTY = slot(0, '', 0);
const device = (resources: Resources = EMPTY, order = {}): Script => new Script(resources, { ...SOFTWARE, ...order });
const delivered = (): Script =>
  device()
    .run()
    .be(slot(0, 'metering', 3, { version: '2.1.0', result: 3 }))
    .later();

describe('which instance', () => {
  it.each<[string, Resources, string]>([
    ['the one that holds the package', { ...slot(0, '', 0), ...slot(3, 'metering', 4, { version: '1.0.0', active: true }) }, '/9/3'],
    ['else the one the campaign names, if it is empty', { ...slot(0, '', 0), ...slot(1, '', 0) }, '/9/0'],
    ['else any empty one', { ...slot(0, 'billing', 4, { version: '7' }), ...slot(2, '', 0) }, '/9/2'],
  ])('%s', (_, resources, instance) => {
    expect(device(resources).run().conversation.paths.instance).toBe(instance);
  });

  it('else a new one, which the device numbers', () => {
    const script = device(slot(0, 'billing', 4));
    script.effects['create /9'] = slot(1, '', 0);
    expect(script.run().said().slice(0, 4)).toEqual(['read /9', 'create /9', 'read /9', 'read /9/1']);
    expect(script.conversation).toMatchObject({ phase: 'downloading', method: 'Pull' });
  });

  it('the nameless one that an earlier attempt has left downloading, which ends by itself', () => {
    const script = device(slot(0, '', 1), { offeredBefore: true });
    script.answers['execute /9/0/6'] = '4.05';
    script.run();
    expect(script.said()).not.toContain('create /9');
    expect(script.conversation).toMatchObject({ phase: 'downloading', paths: { instance: '/9/0' } });
  });

  it('none is free and none can be made: refused, and nothing of another package was touched', () => {
    const script = device(slot(0, 'billing', 4));
    script.answers['create /9'] = '4.05';
    expect(script.run().said()).toEqual(['read /9', 'create /9', 'read /9', '!refused Refused']);
  });

  it('an object that cannot be read as a whole is read instance by instance', () => {
    const script = device({ ...slot(0, 'billing', 4), ...slot(2, 'metering', 0) }, { announced: [0, 2] });
    script.answers['read /9'] = '4.05';
    expect(script.run().said().slice(0, 4)).toEqual(['read /9', 'read /9/0', 'read /9/2', 'read /9/2']);
  });
});

describe('whole stories', () => {
  it('a fresh installation', () => {
    const script = device().run();
    expect(script.said()).toEqual([
      'read /9',
      'read /9/0',
      '!state 0/0',
      '!version undefined from /9/0/1 0/0',
      '!capability Pull',
      'serve on',
      'observe /9/0',
      `write /9/0/3 "${URI}"`,
      '!offered',
      'wait poll',
    ]);
    script
      .be(slot(0, '', 1, { result: 1 }))
      .serve(0)
      .serve(1024)
      .serve(2048)
      .serve(3072);
    script.be(slot(0, 'metering', 2, { version: '2.1.0', result: 1 })).later(5000);
    expect(script.facts().at(-1)).toBe('!state 1/0');
    script.be(slot(0, 'metering', 3, { version: '2.1.0', result: 3 })).later();
    expect(script.facts()).toEqual(['!state 2/0', '!download-finished']);

    script.effects['execute /9/0/4'] = slot(0, 'metering', 4, { version: '2.1.0', result: 2 });
    script.say('execute').run();
    expect(script.said()).toEqual(['read /9/0', 'execute /9/0/4', '!install-started', 'wait poll']);
    expect(script.later().said()).toEqual(['read /9/0', '!state 2/0']);
    script.effects['execute /9/0/10'] = slot(0, 'metering', 4, { version: '2.1.0', result: 2, active: true });
    script.say('execute').run();
    expect(script.said()).toEqual([
      'read /9/0',
      'execute /9/0/10',
      'read /9/0',
      '!state 0/1',
      '!version 2.1.0 from /9/0/1 0/1',
      'serve off',
    ]);
    expect(script.conversation.phase).toBe('ended');
  });

  it('an update in place, without stopping what runs', () => {
    const script = device(slot(0, 'metering', 4, { version: '1.0.0', active: true }));
    script.effects['execute /9/0/6 1'] = slot(0, 'metering', 0);
    expect(script.run().said().slice(1, 8)).toEqual([
      'read /9/0',
      '!state 0/1',
      '!version 1.0.0 from /9/0/1 0/1',
      '!capability Pull',
      'execute /9/0/6 1',
      'read /9/0',
      '!state 0/0',
    ]);
    expect(script.conversation.phase).toBe('downloading');
  });

  it('a device that spells the argument out, and one that wants to be deactivated first', () => {
    const spelt = device(slot(0, 'metering', 4, { version: '1.0.0', active: true }));
    spelt.answers['execute /9/0/6 1'] = '4.00';
    spelt.effects["execute /9/0/6 0='1'"] = slot(0, 'metering', 0);
    expect(spelt.run().said()).not.toContain('execute /9/0/11');
    expect(spelt.conversation.phase).toBe('downloading');

    const strict = device(slot(0, 'metering', 4, { version: '1.0.0', active: true }));
    strict.answers = { 'execute /9/0/6 1': '4.05', "execute /9/0/6 0='1'": '4.05' };
    strict.effects['execute /9/0/11'] = slot(0, 'metering', 4, { version: '1.0.0' });
    strict.run('execute /9/0/11');
    strict.answers = {};
    strict.effects['execute /9/0/6 1'] = slot(0, 'metering', 0);
    expect(strict.run().conversation.phase).toBe('downloading');
  });

  it('an installed version that makes no room is left alone', () => {
    const script = device(slot(0, 'metering', 4, { version: '1.0.0', active: true })).run();
    expect(script.facts().at(-1)).toBe('!refused Refused');
    expect(script.conversation.phase).toBe('ended');
  });

  it('a push where there is no URI to write', () => {
    const script = device();
    script.answers[`write /9/0/3 "${URI}"`] = '4.04';
    expect(script.run().said().slice(-4)).toEqual(['read /9/0', '!capability Push', 'serve off', 'start-push 0 to /9/0/2']);
    script
      .acknowledge(4096)
      .be(slot(0, 'metering', 3, { version: '2.1.0' }))
      .say('push-finished')
      .run();
    expect(script.facts().at(-1)).toBe('!download-finished');
  });

  it('what is there already and active is asked for nothing', () => {
    const script = device(slot(0, 'metering', 4, { version: '2.1.0', active: true })).run();
    expect(script.said().slice(2)).toEqual(['!state 0/1', '!version 2.1.0 from /9/0/1 0/1', '!capability Pull']);
    expect(script.conversation.phase).toBe('ended');
  });

  it('what was delivered by this attempt before goes on from there', () => {
    const script = device(slot(0, 'metering', 3, { version: '2.1.0', result: 3 })).run();
    expect(script.facts().at(-1)).toBe('!download-finished');
  });

  it('a stale delivery of something else is uninstalled', () => {
    const script = device(slot(0, 'metering', 3, { version: '2.0.5', result: 3 }));
    script.effects['execute /9/0/6'] = slot(0, 'metering', 0);
    expect(script.run().said()).toContain('execute /9/0/6');
    expect(script.conversation.phase).toBe('downloading');
  });

  it('an instance that nothing empties is deleted, and another one taken', () => {
    const script = device(slot(0, 'metering', 1));
    script.run('delete /9/0');
    script
      .without('/9/0')
      .run('create /9')
      .be(slot(1, '', 0))
      .run();
    expect(script.conversation.paths.instance).toBe('/9/1');
    expect(script.conversation.phase).toBe('downloading');
  });
});

describe('failures', () => {
  it.each([
    [50, '!failed InsufficientFlash 2'],
    [51, '!failed OutOfMemory 3'],
    [52, '!failed ConnectionLost 4'],
    [53, '!failed Integrity 5'],
    [54, '!failed UnsupportedPackage 6'],
    [56, '!failed InvalidURI 7'],
    [57, '!failed UpdateFailed 8'],
    [123, '!failed Unknown 255'],
  ])('a download that ends in Result %d', (result, fact) => {
    const script = device()
      .run()
      .be(slot(0, '', 1))
      .later()
      .be(slot(0, '', 0, { result }))
      .later();
    expect(script.facts().at(-1)).toBe(fact);
  });

  it('an installation that fails leaves what was delivered, and room for another Execute', () => {
    const script = delivered().say('execute').run();
    script.be(slot(0, 'metering', 3, { version: '2.1.0', result: 58 })).later();
    expect(script.facts().at(-1)).toBe('!failed UpdateFailed 8');
    expect(script.conversation.phase).toBe('downloaded');
  });

  it('58 of an earlier attempt survives an Uninstall and says nothing about this one', () => {
    const script = device(slot(0, 'metering', 0, { result: 58 })).run();
    expect(script.conversation.phase).toBe('downloading');
    script.later();
    expect(script.conversation.phase).toBe('downloading');
  });

  it('what an earlier session has installed waits for permission to run, before any word of success', () => {
    const inactive = slot(0, 'metering', 4, { version: '2.1.0' });
    const script = device(inactive).run();
    expect(script.said().slice(0, 3)).toEqual(['read /9', 'read /9/0', '!state 2/0']);
    expect(script.conversation.phase).toBe('downloaded');
    script.effects['execute /9/0/10'] = slot(0, 'metering', 4, { version: '2.1.0', active: true });
    expect(script.say('execute').run().facts().at(-1)).toBe('!version 2.1.0 from /9/0/1 0/1');
  });

  it('a push that was only tried because the URI was refused fails as the URI did', () => {
    const script = device(EMPTY, { tryNextProtocol: true })
      .run()
      .be(slot(0, '', 1))
      .later();
    script.be(slot(0, '', 0, { result: 56 })).later();
    script.give({ type: 'push-failed', why: 'too-large', offset: 0 }).run();
    expect(script.facts().at(-1)).toBe('!failed InvalidURI 7');
  });

  it('an Invalid URI after blocks have come is no matter of the scheme: nothing else is tried', () => {
    const script = device(EMPTY, { tryNextProtocol: true })
      .run()
      .be(slot(0, '', 1))
      .serve(0);
    script.be(slot(0, '', 0, { result: 56 })).later();
    expect(script.facts()).toContain('!failed InvalidURI 7');
    expect(script.conversation.phase).toBe('ended');
  });

  it('installed, and stays inactive', () => {
    const script = delivered();
    script.effects['execute /9/0/4'] = slot(0, 'metering', 4, { version: '2.1.0', result: 2 });
    script.say('execute').run().later().say('execute').run();
    expect(script.facts().at(-1)).toBe('!failed UpdateFailed 0');
  });
});

describe('cancelling', () => {
  it('uninstalls what was delivered', () => {
    const script = delivered();
    script.effects['execute /9/0/6'] = slot(0, '', 0);
    expect(script.say('cancel').run().facts().at(-1)).toBe('!cancelled');
  });

  it('waits until it is known which instance is ours', () => {
    const script = device(slot(0, 'billing', 4, { version: '7', active: true }))
      .say('cancel')
      .run();
    expect(script.said()).toEqual(['read /9', '!cancelled']);
  });

  it('leaves the version that is installed', () => {
    const script = device(slot(0, 'metering', 4, { version: '1.0.0', active: true }))
      .say('cancel')
      .run();
    expect(script.said()).toEqual(['read /9', 'read /9/0', '!state 0/1', '!cancelled']);
  });

  it('by deletion, where nothing else helps', () => {
    const script = device()
      .run()
      .be(slot(0, '', 1))
      .later()
      .say('cancel')
      .run('delete /9/0')
      .without('/9/0')
      .run();
    expect(script.facts().at(-1)).toBe('!cancelled');
  });
});
