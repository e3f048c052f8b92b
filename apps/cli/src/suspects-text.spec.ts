import { expect, it } from '@jest/globals';
import type { SuspectView } from '@drover/contracts';
import { suspectsCsv, suspectsText } from './suspects-text.ts';

const AT = '2026-12-01T01:00:00.000Z';
const suspect: SuspectView = {
  endpoint: '=cmd|calc',
  site: 'Dyke, north "gate"',
  labels: { zone: 'A', round: '7' },
  what: 'suspect',
  since: AT,
  campaign: 'winter',
  lastContactAt: AT,
  heardSince: false,
  signs: { 'radio.rsrp': { value: -121, at: AT }, 'radio.ce': { value: 2, at: AT }, 'battery.level': { value: 31, at: AT } },
  offset: 4096,
  size: 65_536,
  versionBefore: '2.4.0',
  failures: { Integrity: 1 },
  attempts: [
    {
      attempt: 1,
      at: AT,
      outcome: 'Integrity',
      why: 'Update Result 5',
      offset: 65_536,
      sessions: 2,
      blocks: 128,
      bytes: 65_536,
      retransmissions: 3,
      secondsAwake: 300,
      energyMah: 4.2,
      energyDays: 1.21,
    },
  ],
};

it('a line for a truck has what is known, numbers as numbers and no formulas', () => {
  const [header, line] = suspectsCsv([suspect]).split('\r\n');
  expect(header?.split(',')).toHaveLength(20);
  expect(line).toBe(
    `'=cmd|calc,"Dyke, north ""gate""",zone=A; round=7,winter,suspect,${AT},${AT},no,-121,,2,,${AT},31,,${AT},4096,65536,2.4.0,1 ${AT} Integrity 65536 bytes: Update Result 5`,
  );
});

it('a terminal shows what decides whether somebody has to go', () => {
  const text = suspectsText([suspect, { ...suspect, endpoint: 'd', lastContactAt: undefined, signs: {}, attempts: [] }]);
  expect(text.split('\n')).toHaveLength(3);
  expect(text).toContain('-121 dBm CE2');
  expect(text).toContain('4096 of 65536');
  expect(text).toContain('never');
  expect(suspectsText([])).toBe('no suspects');
});
