import { expect, it } from '@jest/globals';
import { PullGate } from './pull-gate.ts';

const [METER, THIEF] = ['192.0.2.1:40000', '203.0.113.66:1'];

it('one address at a time: another goes on only after two seconds of silence, and then the first is the stranger', () => {
  const gate = new PullGate();
  expect(gate.admits('t', METER, 0)).toBe(true);
  expect(gate.admits('t', THIEF, 10)).toBe(false);
  expect(gate.admits('t', METER, 1500)).toBe(true);
  expect(gate.admits('t', THIEF, 3000)).toBe(false);
  expect(gate.admits('t', THIEF, 3500)).toBe(true);
  expect(gate.admits('t', METER, 3600)).toBe(false);
  expect(gate.admits('other', METER, 3600)).toBe(true);
});

it('a flood runs dry, and comes back at a thousand a second', () => {
  const gate = new PullGate();
  let served = 0;
  for (let i = 0; i < 10_000; i++) if (gate.admits('t', METER, 0)) served += 1;
  expect(served).toBe(4096);
  for (let i = 0; i < 10_000; i++) if (gate.admits('t', METER, 1000)) served += 1;
  expect(served).toBe(4096 + 1000);
});

it('eight answers may wait for their pace, not more, and a device that came back from elsewhere starts afresh', () => {
  const gate = new PullGate();
  for (let i = 0; i < 8; i++) {
    expect(gate.admits('t', METER, i)).toBe(true);
    gate.waits('t', 1);
  }
  expect(gate.admits('t', METER, 9)).toBe(false);
  gate.waits('t', -1);
  expect(gate.admits('t', METER, 10)).toBe(true);
  gate.waits('t', 1);
  expect(gate.admits('t', '192.0.2.1:40001', 5000)).toBe(true);
  gate.forget('t');
  expect(gate.size).toBe(0);
});
