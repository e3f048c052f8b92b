import { isServedByUs, resumes, uriOf } from './firmware-method.ts';
import { beginReset } from './firmware-reset.ts';
import { failOrTryNext, offer, startPush } from './firmware-offer.ts';
import { enter, end, fail, look, poll, pollMs, readVersion, refuse, settle, wait } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import { UPDATE_RESULT, UPDATE_STATE } from './objects.ts';

/** Largest block, bytes (RFC 7959). */
const MAX_BLOCK = 1024;

/** No block for this long after a Result was seen: the transfer is over. */
const STILL_MS = 10_000;

/** Between two looks, and how many there are. */
const AFTER_PUSH_MS = 5000;
const LOOKS_AFTER_PUSH = 3;

/** Looks that find State 0 and the Result of an earlier attempt, before that Result is taken for ours. */
const STALE_LOOKS = 3;

/** After a look while the image should be on its way. */
export function downloadSeen(turn: Turn): void {
  const { c } = turn;
  const { state, result = 0 } = c.known;
  if (state === UPDATE_STATE.DOWNLOADED) {
    turn.facts.push({ type: 'download-finished' });
    return enter(turn, 'downloaded', []);
  }
  if (state === UPDATE_STATE.UPDATING) return installing(turn);
  if (state === UPDATE_STATE.IDLE) return idleSeen(turn, result);
  if (c.method === 'Push' && c.push === 'doubtful') return afterPush(turn);
  if (c.method === 'Push' && c.push !== 'running' && c.push !== 'finished') return pushAgain(turn);
  const uri = uriOf(c);
  // A file host tells us of no block: that the device says "downloading" is all the sign there is.
  if (c.method === 'Pull' && uri !== undefined && !isServedByUs(uri)) c.progressAt = turn.now;
  poll(turn);
}

export function installing(turn: Turn): void {
  turn.facts.push({ type: 'install-started' });
  turn.c.execute = 'started';
  enter(turn, 'installing', []);
  poll(turn);
}

function idleSeen(turn: Turn, result: number): void {
  const { c } = turn;
  // Blocks have moved although State was never seen to: once they have stopped, the Result is about them.
  const moved = c.moved || (c.method === 'Pull' && c.started && turn.now - c.progressAt >= STILL_MS);
  const stale = result === c.resultBefore && !moved;
  if (!stale && result === UPDATE_RESULT.SUCCESS) return enter(turn, 'verifying', [readVersion(turn.c)]);
  // A complete push has surely been seen: then even a Result that was there before is about us.
  if (result >= UPDATE_RESULT.NOT_ENOUGH_FLASH && (!stale || c.push === 'finished')) return failOrTryNext(turn, result);
  if (c.method === 'Push') return afterPush(turn);
  const progressing = turn.now - c.progressAt < pollMs(c);
  if (stale && c.method === 'Pull' && result >= UPDATE_RESULT.NOT_ENOUGH_FLASH) return staleSeen(turn, result);
  if (!c.moved || progressing) return poll(turn); // "At the next practical opportunity", or a stack that shows State late.
  c.idleLooks += 1;
  if (c.idleLooks === 1) return settle(turn); // State may be told before the Result.
  lost(turn);
  offerAgain(turn);
}

/**
 * A Result that was there before the offer. A device clears it when it begins (Core E.6): one that still shows it after some
 * looks has failed again, in the same way, while nobody looked.
 */
function staleSeen(turn: Turn, result: number): void {
  const { c } = turn;
  if (c.started) return wait(turn, STILL_MS, 'settle');
  c.idleLooks += 1;
  if (c.idleLooks > STALE_LOOKS) return failOrTryNext(turn, result);
  poll(turn);
}

/** State 0 or 1 and no Result after a push: State and Result may be set some time after the last block was answered. */
function afterPush(turn: Turn): void {
  const { c } = turn;
  if (c.push !== 'finished' && c.push !== 'doubtful') return pushAgain(turn);
  c.idleLooks += 1;
  if (c.idleLooks < LOOKS_AFTER_PUSH) return wait(turn, AFTER_PUSH_MS, 'settle');
  // Its last block was in doubt, or it has been away since and lost what was in its memory: it gets the image again.
  if (c.push === 'finished' && !c.registeredSince)
    return refuse(turn, { class: 'Refused', why: 'State 0 and no Result after the whole image was taken' });
  c.push = 'lost';
  c.offset = 0;
  pushAgain(turn);
}

function pushAgain(turn: Turn): void {
  const { c } = turn;
  // The push was only tried because of a Result: that Result is what has failed.
  if (c.switchedAfter !== undefined && (c.push === 'too-large' || c.push === 'rejected')) return fail(turn, c.switchedAfter);
  if (c.push === 'too-large') {
    turn.facts.push({ type: 'failed', class: 'InsufficientFlash', result: c.known.result ?? 0, why: 'a block was answered 4.13' });
    return end(turn);
  }
  // In State 1 the first block is refused by whoever still waits for the rest of another push.
  const isVerdict = c.offset === c.rejectedAt || (c.offset === 0 && c.known.state === UPDATE_STATE.IDLE);
  if (c.push === 'rejected' && isVerdict) return refuse(turn, { class: 'Refused', why: 'a block was rejected' });
  if (c.push === 'rejected' && c.offersLeft > 0) return pushAnew(turn);
  const advanced = c.offset > c.pushedFrom;
  if (c.push === 'rejected' || (c.offersLeft <= 0 && !advanced)) return lostTooOften(turn);
  // A device that registered again and is idle has lost its part; some would take a block from the middle all the same.
  if ((c.registeredSince && c.known.state === UPDATE_STATE.IDLE) || !resumes(c.order, 'Push')) c.offset = 0;
  c.registeredSince = false;
  // A long push over a bad link is lost many times; only one that gets nowhere is given up.
  if (!advanced || c.offset === 0) c.offersLeft -= 1;
  startPush(turn);
}

/** Here now, there then: the device loses its part again and again, which time may cure. */
function lostTooOften(turn: Turn): void {
  const { result = 0 } = turn.c.known;
  turn.facts.push({ type: 'failed', class: 'ConnectionLost', result, why: 'the push was lost too often' });
  end(turn);
}

/** A device that has lost its part by a reboot may say so with any code. */
function pushAnew(turn: Turn): void {
  const { c } = turn;
  c.rejectedAt = c.offset;
  c.offersLeft -= 1;
  if (c.known.state !== UPDATE_STATE.IDLE) return beginReset(turn);
  c.offset = 0;
  startPush(turn);
}

function offerAgain(turn: Turn): void {
  const { c } = turn;
  if (c.offersLeft === 0) return fail(turn, UPDATE_RESULT.CONNECTION_LOST);
  c.offersLeft -= 1;
  offer(turn);
}

export function lost(turn: Turn): void {
  if (turn.c.lostReported) return;
  turn.c.lostReported = true;
  turn.facts.push({ type: 'session-lost', offset: turn.c.offset });
}

/** Bytes up to `offset` have arrived, by push or by pull; `from` is where the block begins that has just been asked for or is to come. */
export function progressed(turn: Turn, offset: number, from = offset): void {
  const { c } = turn;
  if (!c.started) {
    c.started = true;
    if (c.method === 'Push' && c.offerCode === undefined) {
      c.offerCode = '2.31';
      turn.facts.push({ type: 'offered' });
    }
    turn.facts.push({ type: 'download-started' });
  }
  // A device that asks for an old block once more has lost that one; at the first one it has lost all, unless it is its own repetition.
  if (from === 0 && c.offset > MAX_BLOCK) turn.facts.push({ type: 'began-anew', from: c.offset });
  // Past the place where a block was rejected: whatever it was, it was not that block.
  if (c.rejectedAt !== undefined && offset > c.rejectedAt) c.rejectedAt = undefined;
  c.offset = offset;
  c.progressAt = turn.now;
  c.lostReported = false;
  turn.facts.push({ type: 'progress', offset });
  if (c.method === 'Pull' && offset >= c.order.size) wait(turn, 5000, 'settle');
}

export function pushEnded(
  turn: Turn,
  outcome: { push: 'finished' | 'doubtful' | 'lost' | 'rejected' | 'too-large'; offset: number },
): void {
  const { c } = turn;
  c.push = outcome.push;
  c.offset = outcome.offset;
  if (outcome.push === 'lost') lost(turn);
  // 2.04 proves nothing, and a refusal does not say why: /5/0 does.
  enter(turn, 'downloading', look(c));
}
