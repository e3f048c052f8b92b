import { mergeSightings, type Sighting } from './report.ts';
import { AirJudge, type AirRows } from './watch/air-watch.ts';
import { MAX_SAMPLES, noViolations, overBudgetSample, type Sample } from './watch/observer.ts';

/** Judges what several processes can only tell together: a carrier has devices in all of them. */
export class WholeFleet {
  readonly #air: AirJudge;
  readonly #violations = noViolations();
  readonly #samples: Sample[] = [];

  /** `airtime`: allowed share of a carrier, 0–1. */
  constructor(airtime: number) {
    this.#air = new AirJudge(airtime);
  }

  take(rows: AirRows): void {
    for (const over of this.#air.merge(rows)) {
      this.#violations.budget += 1;
      if (this.#samples.length < MAX_SAMPLES) this.#samples.push(overBudgetSample(over));
    }
  }

  /** With what each of them has seen by itself. */
  sighting(parts: readonly Sighting[]): Sighting {
    return mergeSightings(parts, { violations: this.#violations, samples: this.#samples, air: this.#air.summary() });
  }
}
