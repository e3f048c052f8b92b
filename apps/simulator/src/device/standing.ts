import { SECOND } from '@drover/kernel';
import { UPDATE_STATE } from '@drover/lwm2m';
import type { Moment } from '../profiles/behaviour.ts';
import type { Part } from './flash.ts';
import type { PartParts } from './part-parts.ts';
import { nextFirmware } from './firmware-state.ts';
import { nextSoftware } from './software-state.ts';
import type { Standing, UpdateEvent } from './update-event.ts';

/** Between two settings that other stacks make in one, campaign ms. */
const GAP_MS = 2 * SECOND;

/** Moves a part by an event. `false`: refused, or without meaning now. */
export function change(parts: PartParts, event: UpdateEvent): boolean {
  const { part, observer, plan } = parts;
  settle(part);
  const machine = part.traits.object === 9 ? nextSoftware : nextFirmware;
  const after = machine(part.standing, event);
  if (after === undefined) return false;
  // A push is under way in State 0 as well; everything else that leads there ends a transfer.
  if (after.state === UPDATE_STATE.IDLE && event !== 'push-started') observer.transferOver(plan);
  become(parts, after);
  return true;
}

export function become(parts: PartParts, after: Standing): void {
  const { part, changed, after: later } = parts;
  const before = part.standing;
  if (after.state === before.state && after.result === before.result) return;
  const first = firstHalf(part, before, after);
  part.standing = first ?? after;
  changed();
  if (first === undefined) return;
  part.pending = after;
  later(GAP_MS, () => {
    if (part.pending !== after) return;
    settle(part);
    changed();
  });
}

/** What was half set when the power went, or when the next thing happened, is set now. */
export function settle(part: Part): void {
  if (part.pending) part.standing = part.pending;
  part.pending = undefined;
}

/** Stacks that set State and Result one after the other do so when a download or an update ends. */
function firstHalf({ traits: { order } }: Part, before: Standing, after: Standing): Standing | undefined {
  const isEnd = after.state === UPDATE_STATE.IDLE && before.state !== after.state && before.result !== after.result;
  if (order === 'together' || !isEnd) return undefined;
  return order === 'state-first' ? { state: after.state, result: before.result } : { state: before.state, result: after.result };
}

export function momentOf({ standing, mishaps, maximumDeferS }: Part): Moment {
  return { ...standing, mishaps, maximumDeferS };
}

/** A reaction of the profile counts as one of its mishaps. */
export function reaction<R>(part: Part, spoken: R | undefined): R | undefined {
  if (spoken !== undefined) part.mishaps += 1;
  return spoken;
}
