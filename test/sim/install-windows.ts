import { DAY, HOUR } from '@drover/kernel';
import { FAST, ScheduledPolicy } from '@drover/schedule';
import type { World } from '@drover/schedule';
import { installGoal } from './goals.ts';
import { STUDY_OWN } from './policies.ts';
import type { Contender } from './policies.ts';
import { HORIZON_MS, runOf } from './runs.ts';
import type { Run, Scene } from './runs.ts';
import type { Section } from './section.ts';
import { fixed, markdown } from './tables.ts';

/** Hours of the UTC day in which images may be installed, and whether a device that does not wake up then is asked to. */
export interface InstallRule {
  readonly name: string;
  readonly isOpen: (hour: number) => boolean;
  readonly asks: boolean;
}

const NIGHT = (hour: number): boolean => hour >= 22 || hour < 4;
const SHORT = (hour: number): boolean => hour >= 2 && hour < 4;
const RULES: readonly InstallRule[] = [
  { name: 'at any time', isOpen: () => true, asks: false },
  { name: '22:00 to 04:00', isOpen: NIGHT, asks: false },
  { name: '22:00 to 04:00, asked to come', isOpen: NIGHT, asks: true },
  { name: '02:00 to 04:00', isOpen: SHORT, asks: false },
  { name: '02:00 to 04:00, asked to come', isOpen: SHORT, asks: true },
];

export interface Installs {
  /** When the image was installed, ms; Infinity if not within the horizon. */
  readonly at: Float64Array;
  readonly extraWakes: number;
}

/**
 * The second decision, after the download: at the first wake-up after it at which the install window is open. It takes no
 * airtime, so that it changes nothing of the downloads. A device that is awake when its download ends in the window
 * installs then; one that can be asked is asked at that moment, when it would not come within a day by itself.
 */
export function installsOf(world: World, { isOpen, asks }: Omit<InstallRule, 'name'>): Installs {
  const { fleet } = world;
  const opens = (at: number): boolean => isOpen(Math.floor(at / HOUR) % 24);
  let extraWakes = 0;
  const at = Float64Array.from({ length: fleet.size }, (_, device) => {
    const done = world.doneAt[device]!;
    if (Number.isNaN(done)) return Number.POSITIVE_INFINITY;
    const opening = firstOpening(done, opens);
    if (opening === done || fleet.periodMs[device] === 0) return opening;
    const natural = firstWakeUp(world, device, { after: done, opens });
    if (!asks || fleet.canAppoint[device] === 0 || natural - opening <= DAY / 2) return natural;
    extraWakes += 1;
    return opening;
  });
  return { at, extraWakes };
}

function firstOpening(from: number, opens: (at: number) => boolean): number {
  for (let at = from; at < HORIZON_MS; at = (Math.floor(at / HOUR) + 1) * HOUR) if (opens(at)) return at;
  return Number.POSITIVE_INFINITY;
}

function firstWakeUp(world: World, device: number, { after, opens }: { after: number; opens: (at: number) => boolean }): number {
  for (const { at } of world.naturalContacts(device, HORIZON_MS)) if (at > after && opens(at)) return at;
  return Number.POSITIVE_INFINITY;
}

interface Row {
  readonly name: string;
  readonly inTime: number;
  readonly t90: number;
  readonly t99: number;
  readonly outside: number;
  readonly wakes: number;
}

function rowOf({ world, contender, scene: { eligible, fleet } }: Run, rule: InstallRule): Row {
  const { at, extraWakes } = installsOf(world, rule);
  const times = at.filter((_at, device) => eligible.nat[device] === 1).sort();
  const hours = (q: number): number => times[Math.ceil(q * eligible.natCount) - 1]! / HOUR;
  return {
    name: `${contender.name}, install ${rule.name}`,
    inTime: times.filter((each) => each <= 7 * DAY).length / eligible.natCount,
    t90: hours(0.9),
    t99: hours(0.99),
    outside: at.filter((each) => Number.isFinite(each) && !rule.isOpen(Math.floor(each / HOUR) % 24)).length,
    wakes: extraWakes / fleet.size,
  };
}

/** Download and install as two decisions, each with its window: done is what is installed. */
export function installWindows(scene: Scene, say: (line: string) => void): Section {
  const ours: Contender = { name: 'FAST', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: FAST }) };
  const [run, own] = [runOf(ours, scene), runOf(STUDY_OWN[0]!, scene)];
  const rows = RULES.map((rule) => rowOf(run, rule));
  const ownRows = RULES.slice(0, 2).map((rule) => rowOf(own, rule));
  for (const { name, inTime, t99 } of rows) say(`  ${name}: DL nat ${fixed(2)(100 * inTime)} %, t99 ${fixed(1)(t99)} h`);
  const [asked, ownNight] = [rows[2]!, ownRows[1]!];
  return { text: sectionText([...rows, ...ownRows], scene.seed), goals: [installGoal(asked, ownNight)] };
}

function sectionText(rows: readonly Row[], seed: number): string {
  const table = markdown(
    ['', 'installed within 7 d, % of nat', 't90', 't99', 'outside the install window', 'wake-ups asked for, per device'],
    rows.map(({ name, inTime, t90, t99, outside, wakes }) => [
      name,
      fixed(2)(100 * inTime),
      fixed(1)(t90),
      fixed(1)(t99),
      String(outside),
      fixed(2)(wakes),
    ]),
  );
  return `## Install windows

Seed ${seed}, F1, hours in UTC. Done is installed: at the end of the download if the install window is open, else at the first wake-up after it that falls into one. A sleeper with a period of a day wakes up at the same hour each day, one of twelve hours at two: those whose hours lie outside never install by themselves. Asked to come: at the end of its download a device that can be asked is, if it would come more than twelve hours after the opening.

${table}
`;
}
