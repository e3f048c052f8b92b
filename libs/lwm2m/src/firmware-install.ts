import { installing, lost } from './firmware-download.ts';
import { offer } from './firmware-offer.ts';
import { end, enter, fail, failureFact, look, poll, readVersion, resetBy, versionPath } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import { FIRMWARE, UPDATE_RESULT, UPDATE_STATE } from './objects.ts';

const isFailure = (result: number): boolean => result >= UPDATE_RESULT.NOT_ENOUGH_FLASH;

/** After a look while the image waits in the device; with permission, this is the look that must precede an Execute. */
export function downloadedSeen(turn: Turn): void {
  const { c } = turn;
  const { state, result = 0 } = c.known;
  switch (state) {
    case UPDATE_STATE.DOWNLOADED:
      if (!c.mayExecute) return;
      c.mayExecute = false;
      c.execute = 'none';
      return enter(turn, 'executing', [{ type: 'execute', path: FIRMWARE.UPDATE }]);
    case UPDATE_STATE.UPDATING:
      return installing(turn);
    case UPDATE_STATE.DOWNLOADING:
      c.mayExecute = false;
      enter(turn, 'downloading', []);
      return poll(turn);
    case UPDATE_STATE.IDLE:
      c.mayExecute = false;
      return imageGone(turn, result);
    default:
      return;
  }
}

/** Installed by itself, refused afterwards, or lost with the device's memory. */
function imageGone(turn: Turn, result: number): void {
  const { c } = turn;
  if (result === UPDATE_RESULT.SUCCESS) return enter(turn, 'verifying', [readVersion(c)]);
  if (isFailure(result)) return fail(turn, result);
  c.offset = 0;
  lost(turn);
  if (c.offersLeft === 0) return fail(turn, UPDATE_RESULT.CONNECTION_LOST);
  c.offersLeft -= 1;
  offer(turn);
}

/** An answer of any code but 2.xx means: not now. What that means, a look tells. */
export function executeAnswered(turn: Turn, code: string): void {
  const { c } = turn;
  c.registeredSince = false;
  if (!code.startsWith('2.')) {
    c.execute = 'refused';
    return enter(turn, 'installing', look(c));
  }
  c.execute = 'sent';
  turn.facts.push({ type: 'install-started' });
  enter(turn, 'installing', []);
  poll(turn);
}

/** It may have arrived. Never sent twice without reading State in between. */
export function executeUnanswered(turn: Turn): void {
  const { c } = turn;
  c.execute = 'unknown';
  turn.facts.push({ type: 'execute-unknown' });
  enter(turn, 'installing', look(c));
  c.stalled = true;
}

export function installSeen(turn: Turn): void {
  const { c } = turn;
  const { state, result = 0 } = c.known;
  switch (state) {
    case UPDATE_STATE.UPDATING:
      if (c.execute === 'unknown' || c.execute === 'refused') turn.facts.push({ type: 'install-started' });
      c.execute = 'started';
      return poll(turn);
    case UPDATE_STATE.DOWNLOADED:
      return stillDownloaded(turn, result);
    case UPDATE_STATE.IDLE:
      return enter(turn, 'verifying', [readVersion(c)]);
    default:
      return poll(turn);
  }
}

/** The image is kept. Whether to execute again is the engine's decision: it knows the window. */
function stillDownloaded(turn: Turn, result: number): void {
  const { c } = turn;
  if (isFailure(result)) turn.facts.push(failureFact(result));
  else if (c.execute === 'refused') turn.facts.push({ type: 'failed', class: 'Deferred', result, why: 'Execute was refused in State 2' });
  else if (c.execute === 'sent' && !c.registeredSince) return poll(turn); // It said yes and has not begun, or is a stub: time will tell.
  enter(turn, 'downloaded', []);
}

/** The version is the proof, `/5/0/7` a hint where there is none; a Result of 1 alone is a claim. */
export function verified(turn: Turn): void {
  const { known, order } = turn.c;
  const { state, result = 0, version, packageVersion } = known;
  const from = version === undefined && packageVersion !== undefined ? FIRMWARE.PKG_VERSION : versionPath(turn.c);
  turn.facts.push({ type: 'version-read', version: version ?? packageVersion, from, state, result });
  if (version !== order.expectedVersion && result === UPDATE_RESULT.CANCELLED) turn.facts.push({ type: 'cancelled' });
  else if (version !== order.expectedVersion && isFailure(result)) turn.facts.push(failureFact(result));
  end(turn);
}

/** After a look while cancelling: done, too late, or another way. */
export function cancelSeen(turn: Turn): void {
  const { c } = turn;
  const { state } = c.known;
  const installed = c.execute === 'sent' || c.execute === 'unknown' || c.execute === 'started';
  if (state === UPDATE_STATE.UPDATING || (state === UPDATE_STATE.IDLE && installed)) {
    turn.facts.push({ type: 'cancel-refused', state });
    c.execute = 'started';
    enter(turn, state === UPDATE_STATE.IDLE ? 'verifying' : 'installing', state === UPDATE_STATE.IDLE ? [readVersion(c)] : []);
    return state === UPDATE_STATE.IDLE ? undefined : poll(turn);
  }
  if (state === UPDATE_STATE.IDLE) {
    turn.facts.push({ type: 'cancelled' });
    return end(turn);
  }
  const [way, ...rest] = c.resetWays;
  if (way === undefined) {
    turn.facts.push({ type: 'cancel-refused', state });
    return end(turn);
  }
  c.resetWays = rest;
  enter(turn, 'cancelling', [resetBy(way), ...look(c)]);
}
