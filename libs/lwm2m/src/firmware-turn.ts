import { CONTENT_FORMAT } from './content.ts';
import { isServedByUs, uriOf } from './firmware-method.ts';
import { RESULT_CLASSES } from './firmware-types.ts';
import type {
  Action,
  Conversation,
  FailureClass,
  FirmwareFact,
  FirmwareOrder,
  Operation,
  Phase,
  ResetWay,
  Step,
} from './firmware-types.ts';
import { DEVICE, UPDATE_RESULT, UPDATE_STATE } from './objects.ts';
import type { UpdatePaths, UpdateTarget } from './update-object.ts';

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
  const next = c.todo[0];
  if (next !== undefined && !c.asked && !c.stalled && !isHeld(c, next)) {
    c.asked = true;
    turn.actions.push(next);
  }
  return { conversation: c, actions: turn.actions, facts: turn.facts };
}

/** A Hold stops what changes the device. To look at it is allowed, and so is cancelling. */
function isHeld({ suspended, phase, wantsCancel }: Conversation, { type }: Operation): boolean {
  return suspended && phase !== 'cancelling' && !wantsCancel && type !== 'read' && type !== 'observe';
}

export function read(path: string): Operation {
  return { type: 'read', path };
}

const FIRST_OF_OBJECT_5: UpdateTarget = { object: 'Firmware', instance: 0, component: '' };

export function targetOf({ target }: Pick<FirmwareOrder, 'target'>): UpdateTarget {
  return target ?? FIRST_OF_OBJECT_5;
}

/** State and Result together: two reads leave a race between them, but some devices know no other way. */
export function look({ singles, paths }: Pick<Conversation, 'singles' | 'paths'>): Operation[] {
  // Of Object 9 State alone does not say whether the package runs.
  const single = [paths.activation, paths.state, paths.result].filter((path) => path !== undefined);
  return singles ? single.map(read) : [read(paths.instance)];
}

/** Where the version that runs is read, in order. */
export function versionPaths({ order, paths }: { order: FirmwareOrder; paths: UpdatePaths }): readonly string[] {
  if (order.versionFrom !== undefined && order.versionFrom.length > 0) return order.versionFrom;
  return [paths.currentVersion ?? (paths.activate === undefined ? DEVICE.FIRMWARE_VERSION : paths.packageVersion)];
}

export function readVersion(c: Pick<Conversation, 'order' | 'paths'>): Operation {
  return read(versionPaths(c)[0] ?? DEVICE.FIRMWARE_VERSION);
}

const NUL = Uint8Array.of(0);

export function resetBy(way: ResetWay, { packageUri, package: image, cancel, uninstall, instance }: UpdatePaths): Operation {
  switch (way) {
    case 'uri':
      return { type: 'write', path: packageUri, format: CONTENT_FORMAT.TEXT, value: '' };
    case 'package':
      return { type: 'write', path: image, format: CONTENT_FORMAT.OPAQUE, value: NUL };
    case 'cancel':
      return { type: 'execute', path: cancel ?? instance };
    case 'uninstall':
      return { type: 'execute', path: uninstall ?? instance };
    case 'delete':
      return { type: 'delete', path: instance };
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

/** An answer that comes during a Hold may lead here: `resume` serves then. What a file host serves is not in our hands. */
export function serve(turn: Turn, on: boolean): void {
  const uri = uriOf(turn.c);
  if (turn.c.serving === on || (on && (turn.c.suspended || uri === undefined || !isServedByUs(uri)))) return;
  turn.c.serving = on;
  turn.actions.push({ type: 'serve', on });
}

export function pollMs({ order }: Pick<Conversation, 'order'>): number {
  return Math.max(60_000, order.inactivityMs / 20);
}

const SETTLE_MS = 1500;

export function wait(turn: Turn, ms: number, why: 'poll' | 'busy' | 'settle'): void {
  turn.c.wakeAt = turn.now + ms;
  turn.actions.push({ type: 'wait-until', at: turn.c.wakeAt, why });
}

/** Looks again later. */
export function poll(turn: Turn): void {
  wait(turn, pollMs(turn.c), 'poll');
}

/** Looks again when State and Result, which some stacks set one after the other, fit together. */
export function settle(turn: Turn): void {
  wait(turn, turn.c.order.settleMs ?? SETTLE_MS, 'settle');
}

export function refuse(turn: Turn, refusal: { class: 'UnsupportedProtocol' | 'Refused'; why: string }): void {
  turn.facts.push({ type: 'refused', ...refusal });
  end(turn);
}

/** `result` in the words of Object 5; what the device itself said goes into the text. */
export function failureFact({ known: { told, linked } }: Pick<Conversation, 'known'>, result: number): FirmwareFact {
  const said = `Update Result ${told?.result ?? result}`;
  const others = linked?.length ? `, together with instances ${linked.join(', ')}` : '';
  return { type: 'failed', class: classOfResult(result), result, why: `${said}${others}` };
}

function classOfResult(result: number): FailureClass {
  if (result === UPDATE_RESULT.CONFLICTING_STATE || result === UPDATE_RESULT.DEPENDENCY_ERROR) return 'UpdateFailed';
  return RESULT_CLASSES[result - UPDATE_RESULT.NOT_ENOUGH_FLASH] ?? 'Unknown';
}

export function fail(turn: Turn, result: number): void {
  turn.facts.push(failureFact(turn.c, result));
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
