import { DAY, HOUR, MINUTE, seededRandom } from '@drover/kernel';
import { ECO, FAST, ScheduledPolicy } from '@drover/schedule';
import type { Pacing, SimPolicy } from '@drover/schedule';
import { Baseline } from './baselines.ts';
import type { BaselineRules } from './baselines.ts';
import { StudyPolicy } from './study-policy.ts';

/** One row of the tables: how a scheduler is made for a fleet of so many devices, and how its transfers share a carrier. */
export interface Contender {
  readonly name: string;
  readonly pacing: Pacing;
  readonly make: (devices: number, seed: number) => SimPolicy;
}

type RulesFor = (devices: number, seed: number) => BaselineRules;

const atRate =
  (perMinute: number): RulesFor =>
  () => ({ releaseAt: (device) => (device / perMinute) * MINUTE });
const within =
  (ms: number): RulesFor =>
  (devices) => ({ releaseAt: (device) => (device / devices) * ms });
const jitter =
  (ms: number): RulesFor =>
  (devices, seed) => {
    const random = seededRandom(seed + 1);
    const delays = Float64Array.from({ length: devices }, () => random() * ms);
    return { releaseAt: (device) => delays[device]! };
  };
const atMost =
  (maxActive: number, holdsSlot = false): RulesFor =>
  () => ({ maxActive, holdsSlot });
const caps =
  (...perLevel: [number, number, number]): RulesFor =>
  () => ({ caps: perLevel });

const RULES: Readonly<Record<string, RulesFor>> = {
  'FIFO, slot held while asleep, K=5000': atMost(5000, true),
  'FIFO on contact, K=500': atMost(500),
  'FIFO on contact, K=2000': atMost(2000),
  'Fixed rate 1000/min': atRate(1000),
  'Fixed rate over 5 d': within(5 * DAY),
  'Random jitter 24 h': jitter(24 * HOUR),
  'Random jitter 5 d': jitter(5 * DAY),
  'Caps per cell 50/10/1': caps(50, 10, 1),
  'Caps per cell 10/2/1': caps(10, 2, 1),
};
/** What others are measured by. */
export const RATE = 'Fixed rate 1000/min';

export const BASELINES: readonly Contender[] = Object.entries(RULES).map(([name, rules]) => ({
  name,
  pacing: 'none',
  make: (devices, seed) => new Baseline(rules(devices, seed)),
}));

/** The same pacing and battery floor for everybody: what is left is who is admitted when. */
export const PACED: readonly Contender[] = [RATE, 'Caps per cell 50/10/1', 'Caps per cell 10/2/1'].map((name) => ({
  name: `${name}, paced`,
  pacing: 'even',
  make: (devices, seed) => new Baseline({ ...RULES[name]!(devices, seed), keepsBatteryFloor: true }),
}));

export const DROVER: readonly Contender[] = [
  { name: 'Drover FAST', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: FAST }) },
  { name: 'Drover ECO', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: ECO }) },
];

/** The study's own policy, written anew from its text. */
export const STUDY_OWN: readonly Contender[] = (['FAST', 'ECO'] as const).map((mode) => ({
  name: `The study’s own, ${mode}`,
  pacing: 'even',
  make: () => new StudyPolicy(mode),
}));

/** What each mechanism is worth: the same without it. */
export const ABLATIONS: readonly Contender[] = [
  { name: 'ECO without appointments', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: ECO, appointments: 0 }) },
  { name: 'ECO without promises ahead', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: ECO, plansAhead: false }) },
  { name: 'FAST without promises ahead', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: FAST, plansAhead: false }) },
  { name: 'FAST, all transfers paced alike', pacing: 'even', make: () => new ScheduledPolicy({ mode: FAST }) },
];
