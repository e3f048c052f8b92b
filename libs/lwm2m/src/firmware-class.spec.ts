import { describe, expect, it } from '@jest/globals';
import { FRESH, Script, state, URI } from '../../../test/golden/scripted-device.ts';
import type { FirmwareOrder } from './index.ts';

describe('what is observed of Object 5', () => {
  const OFFER = [`write /5/0/1 "${URI}"`, '!offered', 'wait poll'];
  it.each<[FirmwareOrder['observe'], string[]]>([
    [undefined, ['observe /5/0', 'observe /5/0/3']],
    ['Instance', ['observe /5/0']],
    ['Resource', ['observe /5/0/3']],
    ['None', []],
  ])('%s, by a device that refuses it', (observe, tried) => {
    const script = new Script(FRESH, { observe });
    script.answers = { 'observe /5/0': '4.05', 'observe /5/0/3': '4.05' };
    const said = script.run().said();
    expect(said.slice(said.indexOf('serve on') + 1)).toEqual([...tried, ...OFFER]);
  });

  it('None is asked nothing after a new registration either', () => {
    const script = new Script(FRESH, { observe: 'None' }).run();
    script.said();
    expect(script.say('registered').run().said()).toEqual(['read /5/0', 'wait poll']);
  });
});

it.each([
  [undefined, 1500],
  [8000, 8000],
])('a notification of State is looked into after %s: %d ms', (settleMs, expected) => {
  const script = new Script(FRESH, { settleMs }).run();
  script.give({ type: 'observed', values: [{ path: '/5/0/3', value: 1 }] });
  expect((script.conversation.wakeAt ?? 0) - script.now).toBe(expected);
});

describe('a version that is read elsewhere', () => {
  const VENDOR = '/26241/0/1';
  const to = (version: string, shown: unknown = version): Script => {
    const script = new Script({ ...FRESH, [VENDOR]: '2.0.0', '/3/0/3': 'bootloader 7' }, { versionFrom: [VENDOR] }).run();
    expect(script.said()).toContain('!version 2.0.0 from /26241/0/1 0/0');
    script.be(state(1)).serve(0).serve(1024).serve(2048).serve(3072).be(state(2)).later(5000).say('execute').run();
    script.said();
    return script
      .be({ ...state(0, 1), [VENDOR]: shown as string })
      .say('registered')
      .run();
  };

  it('proves the update, whatever /3/0/3 says', () => {
    expect(to('2.1.0').said()).toEqual([
      'observe /5/0',
      'read /5/0',
      '!state 0/1',
      `read ${VENDOR}`,
      `!version 2.1.0 from ${VENDOR} 0/1`,
      'serve off',
    ]);
  });

  it('is text even where nobody knows its type', () => {
    expect(to('2.1.0', Buffer.from('2.1.0')).facts()).toContain(`!version 2.1.0 from ${VENDOR} 0/1`);
  });

  it('and with that a device that runs the image already is asked for nothing more', () => {
    const script = new Script({ ...FRESH, [VENDOR]: '2.1.0' }, { versionFrom: [VENDOR] }).run();
    expect([script.conversation.phase, script.said().some((line) => line.startsWith('write'))]).toEqual(['ended', false]);
  });

  it('a device that does not show it is not believed', () => {
    const script = new Script(FRESH, { versionFrom: [VENDOR] }).run();
    expect(script.facts()[1]).toBe(`!version undefined from ${VENDOR} 0/0`);
  });
});
