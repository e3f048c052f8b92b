import { installing, lost } from './firmware-download.ts';
import { offer } from './firmware-offer.ts';
import {
  end,
  enter,
  fail,
  failureFact,
  look,
  poll,
  readVersion,
  refuse,
  resetBy,
  settle,
  targetOf,
  versionPaths,
} from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { Operation } from './firmware-types.ts';
import { UPDATE_RESULT, UPDATE_STATE } from './objects.ts';

const isFailure = (result: number): boolean => result >= UPDATE_RESULT.NOT_ENOUGH_FLASH;

/** Looks that find State 2 and the Result of an Execute before. */
const OLD_LOOKS = 3;

/** After a look while the image waits in the device; with permission, this is the look that must precede an Execute. */
export function downloadedSeen(turn: Turn): void {
  const { c } = turn;
  const { state, result = 0 } = c.known;
  switch (state) {
    case UPDATE_STATE.DOWNLOADED:
      if (!c.mayExecute) return;
      c.mayExecute = false;
      c.execute = 'none';
      c.resultBefore = result;
      c.idleLooks = 0;
      if (c.known.linked?.length)
        return refuse(turn, { class: 'Refused', why: `would install instances ${c.known.linked.join(', ')} too` });
      return enter(turn, 'executing', [executeOf(turn)]);
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

/**
 * Of Object 33629 only this instance: what else has been downloaded there is somebody else's. Of Object 9 it is Install, and
 * Activate where that is done.
 */
function executeOf({ c: { order, paths, known } }: Turn): Operation {
  const path = known.installed === true ? (paths.activate ?? paths.execute) : paths.execute;
  return targetOf(order).object === 'AdvancedFirmware' ? { type: 'execute', path, arguments: [{ id: 0 }] } : { type: 'execute', path };
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
  // Whatever Activate is answered: whether it runs, a look tells.
  if (c.known.installed === true) return enter(turn, 'activating', look(c));
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
  // The State that was told before Execute would now mean that it was lost: that is news even if it is the same.
  c.reported = undefined;
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
  const isOld = isFailure(result) && result === c.resultBefore;
  // What was there before Execute says nothing about this one, unless it stays.
  if (isOld && c.execute === 'sent' && c.idleLooks < OLD_LOOKS) {
    c.idleLooks += 1;
    return poll(turn);
  }
  // Nor about one that may not have arrived: State 2 has been told, and whoever permits it may do so again.
  if (isOld && c.execute === 'unknown') return enter(turn, 'downloaded', []);
  if (isFailure(result)) turn.facts.push(failureFact(c, result));
  // Installed, and not yet told to run: that takes another permission, because the window may have closed meanwhile.
  else if (c.known.installed === true && c.execute === 'sent') turn.facts.push({ type: 'state', state: UPDATE_STATE.DOWNLOADED, result });
  else if (c.execute === 'refused') turn.facts.push({ type: 'failed', class: 'Deferred', result, why: 'Execute was refused in State 2' });
  else if (c.execute === 'sent' && !c.registeredSince) return poll(turn); // It said yes and has not begun, or is a stub: time will tell.
  enter(turn, 'downloaded', []);
}

/**
 * The version is the proof, the package's version a hint where there is none; a Result of 1 alone is a claim. An old
 * version without a Result is looked at twice: State may be told before the Result.
 */
export function verified(turn: Turn): void {
  const { c } = turn;
  const { known, order } = c;
  if (known.version !== order.expectedVersion && (known.result ?? 0) === 0 && known.state === UPDATE_STATE.IDLE && !c.verifiedTwice) {
    c.verifiedTwice = true;
    enter(turn, 'installing', []);
    return settle(turn);
  }
  tellVersion(turn);
}

/** Installed and told to run; one that stays inactive does not. */
export function activated(turn: Turn): void {
  const { known } = turn.c;
  if (known.active === true) return tellVersion(turn);
  turn.facts.push({ type: 'failed', class: 'UpdateFailed', result: known.result ?? 0, why: 'installed, and stays inactive' });
  end(turn);
}

function tellVersion(turn: Turn): void {
  const { known, order, paths } = turn.c;
  const { state, result = 0, version, packageVersion } = known;
  const isHint = version === undefined && packageVersion !== undefined;
  const from = isHint ? paths.packageVersion : (known.versionAt ?? versionPaths(turn.c)[0] ?? '');
  turn.facts.push({ type: 'version-read', version: version ?? packageVersion, from, state, result });
  if (version !== order.expectedVersion && result === UPDATE_RESULT.CANCELLED) turn.facts.push({ type: 'cancelled' });
  else if (version !== order.expectedVersion && isFailure(result)) turn.facts.push(failureFact(turn.c, result));
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
  if (way === undefined && state === undefined && c.paths.uninstall !== undefined) {
    turn.facts.push({ type: 'cancelled' }); // Its instance has been deleted.
    return end(turn);
  }
  if (way === undefined) {
    turn.facts.push({ type: 'cancel-refused', state });
    return end(turn);
  }
  c.resetWays = rest;
  enter(turn, 'cancelling', [resetBy(way, c.paths), ...look(c)]);
}
