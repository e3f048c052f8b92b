import type { Outcome } from './outcome.ts';
import { mean } from './runs.ts';

/** One line of the goal table: what the study's own policy reaches in the same run stands beside. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly study: string;
  readonly reached: string;
  readonly met: boolean;
}

export interface Measured {
  readonly fast: Outcome;
  readonly eco: Outcome;
  readonly rate: Outcome;
  /** The study's own policy in the same worlds. */
  readonly own: { readonly fast: Outcome; readonly eco: Outcome };
  readonly bounds: readonly { readonly t90: number }[];
  readonly devices: number;
  /** Median over carriers of makespan / B1, F0 FAST: here, and of the study's own policy. */
  readonly medianMakespan: number;
  readonly ownMedianMakespan: number;
}

const text = (value: number, digits = 1): string => (Number.isFinite(value) ? value.toFixed(digits) : 'never');

const row = (what: string, goal: string, study: string, reached: string, met: boolean): Goal => ({ what, goal, study, reached, met });

/** The worst of the largest carriers: achieved over B3. */
export function carrierGoal(ratios: readonly number[], own: readonly number[]): Goal {
  const worst = Math.max(...ratios);
  return row(
    `${ratios.length} largest carriers / B3, F0 FAST, static radio`,
    '<= 1.4',
    text(Math.max(...own), 3),
    text(worst, 3),
    worst <= 1.4,
  );
}

/** Minutes above after convergence, as a part of those in use, and the time until 99 % are done to what it is when everything is known. */
export interface FoundOut {
  readonly aboveLater: number;
  readonly t99: number;
}

export function hiddenGoal(learns: FoundOut, own: FoundOut): Goal {
  const said = ({ aboveLater, t99 }: FoundOut): string => `${text(100 * aboveLater)} % / ${text(t99, 2)}`;
  const met = learns.aboveLater <= 0.02 && learns.t99 <= 1.2;
  return row('capacity found out: minutes above after 2 h / t99 to knowing', '<= 2 % / <= 1.2', said(own), said(learns), met);
}

/** Of a fleet in which three devices in ten do not tell their cell. */
export function missingCellsGoal(all: Outcome, some: Outcome, own: Outcome): Goal {
  const above = (outcome: Outcome): number => outcome.overBudget / outcome.activeMinutes;
  const said = (outcome: Outcome): string => `${text(100 * above(outcome), 2)} % / ${text(100 * outcome.inTimeNat)} %`;
  const met = above(some) <= 0.001 && some.inTimeNat >= all.inTimeNat - 0.005;
  return row('30 % without a cell: minutes above budget / DL nat', '<= 0.1 % / as with all cells', said(own), said(some), met);
}

/** With an install window of six hours at night, and devices that are asked to come into it. */
export function installGoal(
  { inTime, outside }: { inTime: number; outside: number },
  own: { readonly inTime: number; readonly outside: number },
): Goal {
  const said = (each: { inTime: number; outside: number }): string => `${each.outside} / ${text(100 * each.inTime, 1)} %`;
  const met = outside === 0 && inTime >= 0.9;
  return row(
    'install window of six hours: installs outside / installed within 7 d',
    '0 / >= 90 %',
    said(own),
    said({ inTime, outside }),
    met,
  );
}

/** Minutes above budget, and t99 of everybody to what it is when all listen always. */
export function edrxGoal(here: readonly [above: number, later: number], own: readonly [above: number, later: number]): Goal {
  const said = ([above, later]: readonly [number, number]): string => `${above} / ${text(later, 2)}`;
  return row('eDRX: minutes above budget / t99 to always listening', '0 / <= 1.1', said(own), said(here), here[0] === 0 && here[1] <= 1.1);
}

const violationsOf = (outcomes: readonly Outcome[]): number =>
  outcomes.reduce((sum, each) => sum + each.overBudget + each.outsideWindow + each.lowBattery, 0);

export function goalsOf({ fast, eco, rate, own, bounds, devices, medianMakespan, ownMedianMakespan }: Measured): Goal[] {
  const b2 = mean(bounds.map(({ t90 }) => t90));
  const violations = violationsOf([fast, eco]);
  /** Both modes, of the study's own policy and here, against a limit that both have to keep. */
  const both = (
    [what, goal]: readonly [string, string],
    of: (outcome: Outcome) => number,
    { digits = 1, isMet }: { digits?: number; isMet: (value: number) => boolean },
  ): Goal => {
    const pair = (one: Outcome, other: Outcome): string => `${text(of(one), digits)} / ${text(of(other), digits)}`;
    return row(`${what} (FAST / ECO)`, goal, pair(own.fast, own.eco), pair(fast, eco), isMet(of(fast)) && isMet(of(eco)));
  };
  const one = (
    [what, goal]: readonly [string, string],
    [study, reached]: readonly [number, number],
    { digits = 1, isMet }: { digits?: number; isMet: (value: number) => boolean },
  ): Goal => row(what, goal, text(study, digits), text(reached, digits), isMet(reached));
  return [
    one(['budget, window and battery-floor violations', '0'], [violationsOf([own.fast, own.eco]), violations], {
      digits: 0,
      isMet: (value) => value === 0,
    }),
    both(['DL nat, %', '>= 99.9'], (o) => 100 * o.inTimeNat, { digits: 2, isMet: (value) => value >= 99.9 }),
    both(['DL all, %', '>= 99.3'], (o) => 100 * o.inTimeAll, { digits: 2, isMet: (value) => value >= 99.3 }),
    both(['t90 / B2', '<= 1.10'], (o) => o.t90 / b2, { digits: 2, isMet: (value) => value <= 1.1 }),
    one(['t99, h, FAST', '<= 45'], [own.fast.t99, fast.t99], { isMet: (value) => value <= 45 }),
    one(['t99, h, ECO', '<= 50'], [own.eco.t99, eco.t99], { isMet: (value) => value <= 50 }),
    one(['median carrier makespan / B1, F0 FAST', '<= 1.10'], [ownMedianMakespan, medianMakespan], {
      digits: 2,
      isMet: (value) => value <= 1.1,
    }),
    both(['wasted bytes, %', '<= 2'], (o) => 100 * o.wasted, { isMet: (value) => value <= 2 }),
    one(['fleet Ah, ECO / rate 1000/min', '<= 0.72'], [own.eco.fleetAh / rate.fleetAh, eco.fleetAh / rate.fleetAh], {
      digits: 3,
      isMet: (value) => value <= 0.72,
    }),
    one(['CE1 p95, mAh, ECO', '<= 35'], [own.eco.mahByCe[1]!.p95, eco.mahByCe[1]!.p95], { isMet: (value) => value <= 35 }),
    both(['extra wakes per device', '<= 0.25'], (o) => o.extraWakes / devices, { digits: 2, isMet: (value) => value <= 0.25 }),
  ];
}
