import type { Outcome } from './outcome.ts';
import { mean } from './runs.ts';

/** One line of the goal table: what the study's own policy reaches stands beside what was reached here. */
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
  readonly bounds: readonly { readonly t90: number }[];
  readonly devices: number;
  /** Median over carriers of makespan / B1, F0 FAST. */
  readonly medianMakespan: number;
}

const text = (value: number, digits = 1): string => value.toFixed(digits);

export function goalsOf({ fast, eco, rate, bounds, devices, medianMakespan }: Measured): Goal[] {
  const b2 = mean(bounds.map(({ t90 }) => t90));
  const violations = [fast, eco].reduce((sum, each) => sum + each.overBudget + each.outsideWindow + each.lowBattery, 0);
  const row = (what: string, goal: string, study: string, reached: string, met: boolean): Goal => ({ what, goal, study, reached, met });
  const both = (of: (outcome: Outcome) => number, digits = 1): string => `${text(of(fast), digits)} / ${text(of(eco), digits)}`;
  return [
    row('budget, window and battery-floor violations', '0', '0', text(violations, 0), violations === 0),
    row(
      'DL nat, % (FAST / ECO)',
      '>= 99.9',
      '99.97 / 99.97',
      both((o) => 100 * o.inTimeNat, 2),
      Math.min(fast.inTimeNat, eco.inTimeNat) >= 0.999,
    ),
    row(
      'DL all, % (FAST / ECO)',
      '>= 99.3',
      '99.45 / 99.45',
      both((o) => 100 * o.inTimeAll, 2),
      Math.min(fast.inTimeAll, eco.inTimeAll) >= 0.993,
    ),
    row(
      't90 / B2 (FAST / ECO)',
      '<= 1.10',
      '1.03 / 1.06',
      both((o) => o.t90 / b2, 2),
      Math.max(fast.t90, eco.t90) / b2 <= 1.1,
    ),
    row('t99, h, FAST', '<= 45', '51', text(fast.t99), fast.t99 <= 45),
    row('t99, h, ECO', '<= 50', '57', text(eco.t99), eco.t99 <= 50),
    row('median carrier makespan / B1, F0 FAST', '<= 1.10', '1.00', text(medianMakespan, 2), medianMakespan <= 1.1),
    row(
      'wasted bytes, % (FAST / ECO)',
      '<= 2',
      '1.6 / 1.4',
      both((o) => 100 * o.wasted),
      Math.max(fast.wasted, eco.wasted) <= 0.02,
    ),
    row('fleet Ah, ECO / rate 1000/min', '<= 0.72', '0.755', text(eco.fleetAh / rate.fleetAh, 3), eco.fleetAh / rate.fleetAh <= 0.72),
    row('CE1 p95, mAh, ECO', '<= 35', '30.5', text(eco.mahByCe[1]!.p95), eco.mahByCe[1]!.p95 <= 35),
    row(
      'extra wakes per device (FAST / ECO)',
      '<= 0.25',
      '0.19 / 0.19',
      both((o) => o.extraWakes / devices, 2),
      Math.max(fast.extraWakes, eco.extraWakes) / devices <= 0.25,
    ),
  ];
}
