import { enter, look, refuse, resetBy, stopTransfer } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { ResetWay } from './firmware-types.ts';
import { UPDATE_STATE } from './objects.ts';

/** In State 0 only the Result is to be cleared; a NUL would be taken for image data by some stacks. */
export function beginReset(turn: Turn): void {
  turn.c.offset = 0;
  turn.c.resetWays = turn.c.known.state === UPDATE_STATE.IDLE && turn.c.paths.uninstall === undefined ? ['uri'] : waysOf(turn);
  nextReset(turn);
}

/** All ways to be rid of an image, the one that most devices understand first. */
function waysOf({ c: { paths } }: Turn): ResetWay[] {
  return paths.uninstall === undefined ? ['uri', 'package', 'cancel'] : ['uninstall', 'delete'];
}

/** Looks first, then tries what exists for that purpose, then the ways of a reset. */
export function beginCancel(turn: Turn): void {
  const { c } = turn;
  stopTransfer(turn);
  c.resetWays = c.paths.uninstall === undefined ? ['cancel', 'uri', 'package'] : waysOf(turn);
  enter(turn, 'cancelling', look(c));
}

export function nextReset(turn: Turn): void {
  const { known, resetWays, paths } = turn.c;
  const [way, ...rest] = resetWays;
  if (way === undefined) return refuse(turn, { class: 'Refused', why: `stays in State ${known.told?.state} whatever resets it` });
  turn.c.resetWays = rest;
  enter(turn, 'resetting', [resetBy(way, paths), ...look(turn.c)]);
}
