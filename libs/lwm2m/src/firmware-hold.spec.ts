import { describe, expect, it } from '@jest/globals';
import { AT, FRESH, Script, state, URI } from '../../../test/golden/scripted-device.ts';

describe('a Hold', () => {
  it('stops a push, and lets it go on where it was', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }).run().acknowledge(2048).be(state(1));
    script.said();
    expect(script.say('suspend').say('execute').later().said()).toEqual(['stop-push']);
    expect(script.say('resume').run().said()).toEqual(['read /5/0', '!state 1/0', 'start-push 2048']);
  });

  it('stops serving blocks and asking', () => {
    const script = new Script().run();
    script.said();
    expect(script.say('suspend').later().said()).toEqual(['serve off']);
    expect(script.say('resume').said()).toEqual(['serve on', 'read /5/0']);
  });

  it('leaves an installation to its end, and sees what came of it', () => {
    const script = AT.installing().say('suspend').be(state(3)).later();
    expect(script.facts()).toContain('!state 3/0');
    script
      .be({ ...state(0, 1), '/3/0/3': '2.1.0' })
      .say('registered')
      .run();
    expect(script.facts()).toContain('!version 2.1.0 from /3/0/3 0/1');
  });

  it('lets a conversation that begins look, and change nothing', () => {
    const script = new Script({ ...FRESH, ...state(2) }).say('suspend').run();
    expect(script.said().filter((line) => /^(write|execute|start-push|serve on)/.test(line))).toEqual([]);
    script.effects['write /5/0/1 ""'] = state(0);
    expect(script.say('resume').run().said()).toContain(`write /5/0/1 "${URI}"`);
  });

  it('takes back a permission that was not used', () => {
    const script = AT.downloaded().say('execute').say('suspend').run().say('resume').run();
    expect(script.said()).not.toContain('execute /5/0/2');
  });
});
