import { expect, it } from '@jest/globals';
import { BlockAssembly, CODE, type AssemblyOutcome } from './index.ts';

const SIZE = 64;
const PATH = 'rd';

function part(num: number, more = true, requestTag?: Uint8Array[]) {
  return { block: { num, more, szx: 2 }, payload: new Uint8Array(more ? SIZE : 1).fill(num + 1), requestTag };
}

it('a flood of first blocks pushes out first blocks, never the body of a device that is getting on', () => {
  const assembly = new BlockAssembly({ maxPending: 100 });
  const meter = { peer: '192.0.2.1:5683', path: PATH };
  assembly.add(meter, part(0), 0);
  assembly.add(meter, part(1), 1);
  for (let i = 0; i < 10_000; i++) assembly.add({ peer: `203.0.113.1:${i}`, path: PATH }, part(0), 2);
  expect(assembly.pending).toBe(100);
  const done = assembly.add(meter, part(2, false), 3);
  expect(done).toMatchObject({ type: 'complete' });
  expect(done.type === 'complete' && done.body.length).toBe(2 * SIZE + 1);
});

it('one peer has four bodies at a time, whatever paths and Request-Tags it names', () => {
  const assembly = new BlockAssembly();
  const peer = '192.0.2.1:5683';
  const begin = (path: string, tag: number): AssemblyOutcome => assembly.add({ peer, path }, part(0, true, [Uint8Array.of(tag)]), 0);
  expect([begin('rd', 1), begin('rd', 2), begin('dp', 1), begin('dp', 2)].map(({ type }) => type)).toEqual(Array(4).fill('continue'));
  expect(begin('rd', 3)).toEqual({ type: 'refused', code: CODE.SERVICE_UNAVAILABLE });
  assembly.add({ peer, path: 'rd' }, part(1, false, [Uint8Array.of(1)]), 0);
  expect(begin('rd', 3).type).toBe('continue');
});

it('bodies with different Request-Tags do not mix (RFC 9175 section 3.3)', () => {
  const assembly = new BlockAssembly();
  const from = { peer: '192.0.2.1:5683', path: PATH };
  const [one, two] = [[Uint8Array.of(1)], [Uint8Array.of(2)]];
  assembly.add(from, part(0, true, one), 0);
  assembly.add(from, { ...part(0, true, two), payload: new Uint8Array(SIZE).fill(9) }, 0);
  const first = assembly.add(from, part(1, false, one), 0);
  expect(first.type === 'complete' && first.body[0]).toBe(1);
  const second = assembly.add(from, part(1, false, two), 0);
  expect(second.type === 'complete' && second.body[0]).toBe(9);
  expect(assembly.pending).toBe(0);
});
