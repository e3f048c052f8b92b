import type { CampaignOutlook, StageOutlook } from './snapshot.ts';

/** One stage on its way through a run. Times in ms after the snapshot. */
interface Stage {
  readonly of: StageOutlook;
  /** Undefined while it is closed. */
  openedMs: number | undefined;
  /** When it has soaked; undefined before its gate has passed. */
  soakedMs: number | undefined;
  /** Devices that can still come through, of the whole fleet. */
  readonly left: number;
  /** Devices that cannot, by the time at which the server gives up on each; one of the list is `each` of the fleet. */
  readonly stuck: readonly number[];
  /** Devices that came through in this run, of the whole fleet. */
  done: number;
}

/** Who is in a stage. */
export interface StageMembers {
  readonly left: number;
  readonly stuck: readonly number[];
}

/** Which stages are open: one opens when the gate before it has passed and its stage has soaked. Nobody fails in a forecast. */
export class StageGates {
  readonly #stages: readonly Stage[];
  readonly #each: number;

  /** By stage; `each`: devices of the fleet that one of these stands for. */
  constructor({ stages, startsMs }: CampaignOutlook, members: readonly StageMembers[], each = 1) {
    this.#each = each;
    this.#stages = stages.map((of, index) => ({
      of,
      openedMs: of.state === 'closed' ? undefined : Math.max(of.openedMs, startsMs),
      soakedMs: of.state === 'passed' ? 0 : of.soakedMs,
      left: (members[index]?.left ?? 0) * each,
      stuck: members[index]?.stuck ?? [],
      done: 0,
    }));
    const [first] = this.#stages;
    if (first && first.openedMs === undefined) first.openedMs = startsMs;
  }

  openedMs(stage: number): number | undefined {
    return this.#stages[stage]?.openedMs;
  }

  /** So many devices of the whole fleet have come through. */
  done(stage: number, devices: number): void {
    this.#stages[stage]!.done += devices;
  }

  /** Looks at all gates; returns the stages that have opened. */
  advance(now: number): number[] {
    const opened: number[] = [];
    this.#stages.forEach((stage, index) => {
      if (stage.openedMs === undefined || stage.openedMs > now) return;
      if (stage.soakedMs === undefined && this.#hasPassed(stage, now)) stage.soakedMs = now + stage.of.soakMs;
      const next = this.#stages[index + 1];
      if (next === undefined || next.openedMs !== undefined || stage.soakedMs === undefined || stage.soakedMs > now) return;
      next.openedMs = now;
      opened.push(index + 1);
    });
    return opened;
  }

  /** As the gate of a stage judges: enough of those that are not given up have ended, and enough of these well. */
  #hasPassed({ of: { state, min, minSample, succeeded, failed }, openedMs = 0, left, stuck, done }: Stage, now: number): boolean {
    const ended = succeeded + failed + done;
    // A sample stands for more devices than it has: half of one is no reason to wait.
    if (ended < Math.min(minSample, succeeded + failed + left) - 0.5) return false;
    const since = state === 'closed' ? openedMs : 0;
    const waitedFor = stuck.filter((givenUpMs) => since + givenUpMs > now).length * this.#each;
    const possible = Math.min(minSample, succeeded + failed + left + waitedFor);
    return ended >= possible - 0.5 && (ended === 0 || (succeeded + done) / ended >= min);
  }
}
