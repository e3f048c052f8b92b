import { expect, it } from '@jest/globals';
import { Instant, plus } from '@drover/kernel';
import { CampaignClock } from '@drover/platform';
import { Alarms } from './alarms.ts';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it.each([1, 7, 600, 2400])('at %d times the speed it rings once, and never early', async (scale) => {
  const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale });
  const early: number[] = [];
  let rings = 0;
  const alarms = Array.from({ length: 40 }, (_, index) => {
    const at = plus(clock.now(), scale * (5 + index * 0.37));
    const alarm = new Alarms<'it'>(clock, () => {
      rings += 1;
      if (clock.now() < at) early.push(at - clock.now());
    });
    alarm.at('it', at);
    return alarm;
  });
  await wait(80);
  expect([early, rings]).toEqual([[], alarms.length]);
});

it('set anew it forgets what was set before, and stopped it keeps silent', async () => {
  const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale: 1000 });
  let rings = 0;
  const rung: string[] = [];
  const alarm = new Alarms<'it' | 'other'>(clock, (name) => {
    rung.push(name);
    if (name === 'it') rings += 1;
  });
  alarm.in('other', 1000);
  alarm.in('it', 5000);
  alarm.in('it', 20_000);
  await wait(12);
  expect(rings).toBe(0);
  await wait(40);
  expect(rings).toBe(1);
  alarm.in('it', 5000);
  alarm.stop();
  await wait(20);
  expect(rings).toBe(1);
  expect(rung).toEqual(['other', 'it']);
});
