import { describe, expect, it } from '@jest/globals';
import { FRESH, ORDER, Script, state, URI, type Resources } from '../../../test/golden/scripted-device.ts';
import type { FirmwareOrder, PackageUri } from './index.ts';

const TCP: PackageUri = { scheme: 'coap+tcp', uri: 'coap+tcp://fw:5683/fw/abc' };
const HTTPS: PackageUri = { scheme: 'https', uri: 'https://files/abc' };
const [COAP] = ORDER.uris as [PackageUri];

describe('which URI', () => {
  it.each<[string, readonly PackageUri[], Resources, string]>([
    ['the first that the device lists', [HTTPS, TCP, COAP], { '/5/0/8/0': 0, '/5/0/8/1': 4 }, TCP.uri],
    ['in the order of the campaign', [COAP, TCP], { '/5/0/8/0': 4, '/5/0/8/1': 0 }, URI],
    ['https where only that is listed', [COAP, HTTPS], { '/5/0/8/0': 3 }, HTTPS.uri],
  ])('%s', (_, uris, resources, uri) => {
    expect(new Script({ ...FRESH, ...resources }, { uris }).run().said()).toContain(`write /5/0/1 "${uri}"`);
  });

  it('is the next one after "unsupported protocol", then a push', () => {
    const script = new Script({ ...FRESH, '/5/0/8/1': 4 }, { uris: [TCP, COAP], tryNextProtocol: true });
    script.effects[`write /5/0/1 "${TCP.uri}"`] = state(0, 9);
    script.answers[`write /5/0/1 "${TCP.uri}"`] = '4.00';
    script.run();
    expect(script.said().slice(-4)).toEqual(['serve on', `write /5/0/1 "${URI}"`, '!offered', 'wait poll']);
    script.be(state(1, 0)).later();
    script.said();
    script.be(state(0, 9)).later();
    expect(script.said()).toEqual(['read /5/0', '!state 0/9', '!capability Push', 'serve off', 'start-push 0']);
  });

  it('is not tried further where the campaign does not want it', () => {
    const script = new Script({ ...FRESH, '/5/0/8/1': 4 }, { uris: [TCP, COAP] }).run();
    expect(script.be(state(0, 9)).later().facts().at(-1)).toBe('!failed UnsupportedProtocol 9');
  });

  it('of a file host is not served, and its silence is no loss', () => {
    const script = new Script({ ...FRESH, '/5/0/8/0': 3 }, { uris: [HTTPS] }).run().be(state(1));
    expect(script.said()).not.toContain('serve on');
    for (let hours = 0; hours < 40; hours++) script.later();
    expect(script.facts()).toEqual(['!state 1/0']);
    expect(script.be(state(2)).later().facts()).toEqual(['!state 2/0', '!download-finished']);
  });
});

describe('what is written before the image', () => {
  const full = { ...FRESH, '/5/0/11': 1, '/5/0/13': 0, '/5/0/14': false };
  const written = (resources: Resources, activation: FirmwareOrder['activation']): string[] =>
    new Script(resources, { activation })
      .run()
      .said()
      .filter((line) => /^write \/5\/0\/1[134]/.test(line));

  it.each<[string, Resources, FirmwareOrder['activation'], string[]]>([
    ['nothing that is so already', full, { automaticUpgrade: 'Off', severity: 1, maximumDeferS: 0 }, []],
    ['severity', full, { automaticUpgrade: 'Off', severity: 0 }, ['write /5/0/11 0']],
    ['the longest deferral', full, { automaticUpgrade: 'Off', maximumDeferS: 86_400 }, ['write /5/0/13 86400']],
    ['automatic upgrade on', full, { automaticUpgrade: 'On' }, ['write /5/0/14 true']],
    ['nothing to a device that has none of them', FRESH, { automaticUpgrade: 'On', severity: 0, maximumDeferS: 1 }, []],
  ])('%s', (_, resources, activation, expected) => {
    expect(written(resources, activation)).toEqual(expected);
  });

  it('a wish that is refused does not stop the update', () => {
    const script = new Script(full, { activation: { automaticUpgrade: 'Off', severity: 0 } });
    script.answers['write /5/0/11 0'] = '4.05';
    expect(script.run().conversation.phase).toBe('downloading');
  });
});

describe('another instance, and another object', () => {
  const second = Object.fromEntries(Object.entries(FRESH).map(([path, value]) => [path.replace('/5/0', '/5/1'), value]));

  it('the second instance of Object 5 is spoken to alone', () => {
    const target = { object: 'Firmware', instance: 1, component: 'host' } as const;
    const script = new Script(second, { target }).run();
    expect(script.said()).toContain(`write /5/1/1 "${URI}"`);
    script.be({ '/5/1/3': 2 }).later().say('execute').run();
    expect(script.said().some((line) => line.includes('/5/0'))).toBe(false);
  });

  const advanced = { '/33629/0/3': 0, '/33629/0/5': 0, '/33629/0/9': 2, '/33629/0/8/0': 0, '/33629/0/15': '2.0.0' };
  const target = { object: 'AdvancedFirmware', instance: 0, component: 'modem' } as const;
  const downloaded = (): Script => new Script(advanced, { target }).run().be({ '/33629/0/3': 2 }).later();

  it('Object 33629 installs this instance alone, and shows its own version', () => {
    const script = downloaded();
    expect(script.said()).toContain('!version 2.0.0 from /33629/0/15 0/0');
    script.say('execute').run();
    expect(script.said()).toContain('execute /33629/0/2 0');
    script.be({ '/33629/0/3': 0, '/33629/0/5': 1, '/33629/0/15': '2.1.0' }).say('registered').run();
    expect(script.facts().at(-1)).toBe('!version 2.1.0 from /33629/0/15 0/1');
  });

  it('linked instances are refused before anything is installed', () => {
    const script = downloaded().be({ '/33629/0/16/0': { object: 33_629, instance: 1 } });
    script.said();
    script.say('execute').run();
    expect(script.facts()).toEqual(['!refused Refused']);
  });

  it('linked instances are known as well of a device that can only be read resource by resource', () => {
    const linked = { '/33629/0/16/0': { object: 33_629, instance: 1 }, '/33629/0/3': 2, '/33629/0/1': URI };
    const script = new Script({ ...advanced, ...linked }, { target });
    script.answers['read /33629/0'] = '4.05';
    script.run().say('execute').run();
    expect(script.facts().at(-1)).toBe('!refused Refused');
  });

  it.each([12, 13])('Result %d is named', (result) => {
    const script = new Script(advanced, { target }).run().be({ '/33629/0/5': result }).later();
    expect(script.facts().at(-1)).toBe(`!failed UpdateFailed ${result}`);
  });

  it('a push goes to the container that the class names, and Object 5 tells what came of it', () => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }, { pushTo: '/19/0/0/0' }).run();
    expect(script.said().at(-1)).toBe('start-push 0 to /19/0/0/0');
    expect(script.acknowledge(4096).be(state(2)).say('push-finished').run().facts().at(-1)).toBe('!download-finished');
  });
});

describe('going on after a pause', () => {
  it.each<[FirmwareOrder['resume'], string]>([
    [undefined, 'start-push 2048'],
    ['Push', 'start-push 2048'],
    ['Pull', 'start-push 0'],
    ['None', 'start-push 0'],
  ])('a push, by a class with resume %s', (resume, action) => {
    const script = new Script({ ...FRESH, '/5/0/9': 1 }, { resume }).run().acknowledge(2048).be(state(1));
    script.give({ type: 'push-failed', why: 'lost', offset: 2048 }).run();
    expect(script.said().at(-1)).toBe(action);
  });

  it.each([
    [1, 'downloading', false],
    [2, 'downloading', true],
  ])('a pull that has stood still for %d sessions', (idleSessions, phase, isReset) => {
    const script = new Script({ ...FRESH, ...state(1), '/5/0/1': URI }, { keepOffset: 1024, idleSessions });
    script.effects['write /5/0/1 ""'] = { ...state(0), '/5/0/1': '' };
    expect(script.run().said().includes('write /5/0/1 ""')).toBe(isReset);
    expect(script.conversation.phase).toBe(phase);
  });

  it('a pull that begins at the first byte again is told', () => {
    const script = new Script().run().be(state(1)).serve(0).serve(1024).serve(2048);
    script.said();
    expect(script.serve(0).said()).toEqual(['!began-anew 3072', '!progress 1024']);
    expect(script.serve(0).said()).toEqual(['!progress 1024']);
  });

  it('a pull that asks for an old block once more has not begun anew', () => {
    const script = new Script().run().be(state(1)).serve(0).serve(1024).serve(2048).serve(3072);
    script.said();
    expect(script.serve(1024).said()).toEqual(['!progress 2048']);
  });
});

describe('another Execute', () => {
  it('the Result of the Execute before is no word about this one, unless it stays', () => {
    const again = (): Script => new Script({ ...FRESH, ...state(2, 8), '/5/0/1': URI }, { keepOffset: 4096 }).run().say('execute').run();
    const slow = again().later();
    expect(slow.facts()).not.toContain('!failed UpdateFailed 8');
    slow
      .be({ ...state(0, 1), '/3/0/3': '2.1.0' })
      .say('registered')
      .run();
    expect(slow.facts().at(-1)).toBe('!version 2.1.0 from /3/0/3 0/1');
    const stuck = again().later().later().later().later();
    expect(stuck.facts().at(-1)).toBe('!failed UpdateFailed 8');
  });
});

describe('the battery', () => {
  it('is observed while the image is on its way, and told', () => {
    const script = new Script({ ...FRESH, '/3/0/9': 80 }, { watchBattery: true }).run();
    expect(script.said()).toContain('observe /3/0/9');
    expect(script.give({ type: 'observed', values: [{ path: '/3/0/9', value: 34 }] }).said()).toEqual(['!battery 34']);
  });

  it('is not asked for where no campaign has a floor', () => {
    expect(new Script().run().said()).not.toContain('observe /3/0/9');
  });
});

it('before it sleeps a device that may be kept awake is asked what would be asked soon', () => {
  const script = new Script().run().be(state(1));
  script.said();
  expect(script.say('stay').run().said()).toEqual(['read /5/0', '!state 1/0', 'wait poll']);
});
