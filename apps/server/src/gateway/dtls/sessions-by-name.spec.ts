import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Endpoint } from '@drover/kernel';
import type { SessionHandle } from '@drover/dtls';
import type { SharedCredential } from '../../link/security.ts';
import { SessionsByName } from './sessions-by-name.ts';

const credentialOf = (identity: string): SharedCredential =>
  ({ kind: 'psk', identity, endpoint: Endpoint(identity), state: 'active' }) as SharedCredential;
const handle = (): SessionHandle => ({}) as SessionHandle;

type Step = { readonly type: 'add' | 'heard' | 'remove'; readonly owner: number; readonly which: number };
const steps = fc.array(fc.record<Step>({ type: fc.constantFrom('add', 'heard', 'remove'), owner: fc.nat(2), which: fc.nat(1) }), {
  maxLength: 40,
});

it('of more than two of one owner the one that was silent longest has to go, whoever spoke in between', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const sessions = new SessionsByName();
      /** Of each owner, the one that was silent longest first. */
      const expected: string[][] = [[], [], []];
      script.forEach(({ type, owner, which }, at) => {
        const names = expected[owner]!;
        const name = type === 'add' ? `dtls:${at}` : names[which];
        if (name === undefined) return;
        if (type === 'add') {
          const surplus = sessions.add(name, handle(), credentialOf(`device-${owner}`));
          names.push(name);
          expect(surplus.map((each) => each.name)).toEqual(names.slice(0, -2));
          for (const each of surplus) sessions.remove(each);
          expected[owner] = names.slice(-2);
          return;
        }
        const session = sessions.named(name)!;
        if (type === 'heard') sessions.heard(session);
        else sessions.remove(session);
        const others = names.filter((each) => each !== name);
        expected[owner] = type === 'heard' ? [...others, name] : others;
      });
      expect(sessions.size).toBe(expected.flat().length);
    }),
  );
});
