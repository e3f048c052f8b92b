import { CONTENT_FORMAT } from './content.ts';
import { DEVICE, FIRMWARE, UPDATE_STATE } from './objects.ts';
import { RESULT_CLASSES } from './firmware-types.ts';
import type { Action, Conversation, FirmwareFact, Operation, Phase, ResetWay, Step } from './firmware-types.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One step being worked out: a private copy of the conversation, and what comes of it. */
export interface Turn {
  readonly c: Mutable<Conversation>;
  readonly now: number;
  readonly actions: Action[];
  readonly facts: FirmwareFact[];
}

export function startTurn(conversation: Conversation, now: number): Turn {
  return { c: { ...conversation }, now, actions: [], facts: [] };
}

/** Sends what is next to do, unless we wait for something. */
export function endTurn(turn: Turn): Step {
  const { c } = turn;
  const held = c.suspended && c.phase !== 'cancelling';
  const next = c.todo[0];
  if (next !== undefined && !c.asked && !c.stalled && !held) {
    c.asked = true;
    turn.actions.push(next);
  }
  return { conversation: c, actions: turn.actions, facts: turn.facts };
}

export function read(path: string): Operation {
  return { type: 'read', path };
}

/** State and Result together: two reads leave a race between them, but some devices know no other way. */
export function look({ singles }: Pick<Conversation, 'singles'>): Operation[] {
  return singles ? [read(FIRMWARE.STATE), read(FIRMWARE.UPDATE_RESULT)] : [read(FIRMWARE.INSTANCE)];
}

export function versionPath({ order }: Pick<Conversation, 'order'>): string {
  return order.versionFrom ?? DEVICE.FIRMWARE_VERSION;
}

export function readVersion(c: Pick<Conversation, 'order'>): Operation {
  return read(versionPath(c));
}

const NUL = Uint8Array.of(0);

export function resetBy(way: ResetWay): Operation {
  switch (way) {
    case 'uri':
      return { type: 'write', path: FIRMWARE.PACKAGE_URI, format: CONTENT_FORMAT.TEXT, value: '' };
    case 'package':
      return { type: 'write', path: FIRMWARE.PACKAGE, format: CONTENT_FORMAT.OPAQUE, value: NUL };
    case 'cancel':
      return { type: 'execute', path: FIRMWARE.CANCEL };
  }
}

export function enter(turn: Turn, phase: Phase, todo: readonly Operation[]): void {
  turn.c.phase = phase;
  turn.c.todo = todo;
  turn.c.asked = false;
  turn.c.stalled = false;
  turn.c.wakeAt = undefined;
}

/** Nothing more is said or served. A push under way is stopped. */
export function end(turn: Turn): void {
  stopTransfer(turn);
  enter(turn, 'ended', []);
}

export function stopTransfer(turn: Turn): void {
  if (turn.c.push === 'running') {
    turn.c.push = 'lost';
    turn.actions.push({ type: 'stop-push' });
  }
  serve(turn, false);
}

/** An answer that comes during a Hold may lead here: `resume` serves then. */
export function serve(turn: Turn, on: boolean): void {
  if (turn.c.serving === on || (on && turn.c.suspended)) return;
  turn.c.serving = on;
  turn.actions.push({ type: 'serve', on });
}

export function pollMs({ order }: Pick<Conversation, 'order'>): number {
  return Math.max(60_000, order.inactivityMs / 20);
}

export function wait(turn: Turn, ms: number, why: 'poll' | 'busy' | 'settle'): void {
  turn.c.wakeAt = turn.now + ms;
  turn.actions.push({ type: 'wait-until', at: turn.c.wakeAt, why });
}

/** Looks again later. */
export function poll(turn: Turn): void {
  wait(turn, pollMs(turn.c), 'poll');
}

export function refuse(turn: Turn, refusal: { class: 'UnsupportedProtocol' | 'Incompatible' | 'Refused'; why: string }): void {
  turn.facts.push({ type: 'refused', ...refusal });
  end(turn);
}

export function failureFact(result: number): FirmwareFact {
  const known = RESULT_CLASSES[result - 2] ?? 'UpdateFailed';
  return { type: 'failed', class: known, result, why: `Update Result ${result}` };
}

export function fail(turn: Turn, result: number): void {
  turn.facts.push(failureFact(result));
  end(turn);
}

/** After a complete look: says so when State or Result have changed. */
export function reportState(turn: Turn): void {
  const { state, result = 0 } = turn.c.known;
  if (state === undefined) return;
  if (state !== UPDATE_STATE.IDLE) turn.c.moved = true;
  if (turn.c.reported?.state === state && turn.c.reported.result === result) return;
  turn.c.reported = { state, result };
  turn.facts.push({ type: 'state', state, result });
}
