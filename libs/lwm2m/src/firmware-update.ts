import { downloadSeen, lost, progressed, pushEnded } from './firmware-download.ts';
import { cancelSeen, downloadedSeen, executeAnswered, executeUnanswered, installSeen, verified } from './firmware-install.ts';
import { learn, mentionsState } from './firmware-knowledge.ts';
import { observeOps, offered, offerRefused, prepared, probed, resetDone } from './firmware-offer.ts';
import {
  endTurn,
  enter,
  look,
  pollMs,
  read,
  readVersion,
  reportState,
  serve,
  startTurn,
  stopTransfer,
  versionPath,
  wait,
} from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { Conversation, FirmwareInput, FirmwareOrder, Operation, Phase, Step } from './firmware-types.ts';
import { FIRMWARE } from './objects.ts';

const SETTLE_MS = 1500;
const BUSY_MS = 30_000;
/** One stack says 5.03 for up to 300 s after a broken push. */
const MAX_BUSY = 20;
const MAX_OFFERS = 3;

/** Begins, or begins again after a restart: nothing is assumed, the device is read first. */
export function begin(order: FirmwareOrder, now: number): Step {
  const conversation: Conversation = {
    order,
    phase: 'probing',
    known: {},
    todo: [read(FIRMWARE.INSTANCE), readVersion({ order })],
    asked: false,
    stalled: false,
    busyCount: 0,
    suspended: false,
    singles: false,
    observing: 'no',
    resetWays: [],
    offersLeft: MAX_OFFERS,
    resultBefore: 0,
    moved: false,
    offset: order.keepOffset ?? 0,
    started: false,
    progressAt: now,
    lostReported: false,
    push: 'none',
    pushedFrom: 0,
    serving: false,
    idleLooks: 0,
    registeredSince: false,
    mayExecute: false,
    execute: 'none',
  };
  return endTurn(startTurn(conversation, now));
}

/**
 * Begins again for an update that had its download behind it: Execute may have been sent or not. Looks, and offers
 * nothing, whatever it finds.
 */
export function beginInstalled(order: FirmwareOrder, now: number): Step {
  const turn = startTurn(begin(order, now).conversation, now);
  turn.c.execute = 'unknown';
  turn.c.offersLeft = 0;
  enter(turn, 'installing', look(turn.c));
  return endTurn(turn);
}

/** The next step. An input that means nothing where the conversation stands changes nothing. */
export function next(conversation: Conversation, input: FirmwareInput, now: number): Step {
  const turn = startTurn(conversation, now);
  if (conversation.phase !== 'ended') take(turn, input);
  return endTurn(turn);
}

/** What to do when everything of a phase has been answered. */
const COMPLETE: Readonly<Partial<Record<Phase, (turn: Turn) => void>>> = {
  probing: probed,
  resetting: resetDone,
  preparing: prepared,
  offering: offered,
  'offer-refused': offerRefused,
  downloading: downloadSeen,
  downloaded: downloadedSeen,
  installing: installSeen,
  verifying: verified,
  cancelling: cancelSeen,
};

/** Phases in which the device works by itself and we look from time to time. */
const WATCHING: readonly Phase[] = ['downloading', 'installing'];

function take(turn: Turn, input: FirmwareInput): void {
  const { c } = turn;
  switch (input.type) {
    case 'answer':
      return isAsked(c, input.op) ? answered(turn, input) : undefined;
    case 'no-answer':
      return isAsked(c, input.op) ? unanswered(turn) : undefined;
    case 'block-acknowledged':
      return c.push === 'running' ? progressed(turn, input.offset) : undefined;
    case 'push-finished':
      return c.push === 'running' ? pushEnded(turn, { push: 'finished', offset: c.order.size }) : undefined;
    case 'push-failed':
      return c.push === 'running' ? pushEnded(turn, { push: input.why, offset: input.offset }) : undefined;
    case 'block-served':
      return c.serving && (c.phase === 'downloading' || c.phase === 'offering') ? progressed(turn, input.offset + input.length) : undefined;
    case 'observed':
      return mentionsState(input.values) ? hinted(turn) : undefined;
    case 'execute':
      return permitted(turn);
    case 'cancel':
      return cancel(turn);
    case 'registered':
      return registered(turn);
    case 'contact':
      return awake(turn);
    case 'suspend':
      return suspend(turn);
    case 'resume':
      return resume(turn);
    case 'tick':
      return tick(turn);
  }
}

function isAsked(c: Conversation, op: Operation): boolean {
  return c.asked && c.todo[0]?.type === op.type && c.todo[0].path === op.path;
}

function answered(turn: Turn, { op, code, values }: Extract<FirmwareInput, { type: 'answer' }>): void {
  const { c } = turn;
  c.asked = false;
  if (c.phase === 'executing') return executeAnswered(turn, code);
  if ((code === '5.03' || code === '4.29') && c.busyCount < MAX_BUSY) {
    c.busyCount += 1;
    c.stalled = true;
    return wait(turn, BUSY_MS, 'busy');
  }
  c.busyCount = 0;
  const ok = code.startsWith('2.');
  c.todo = c.todo.slice(1);
  if (op.type === 'read') c.known = learn(c.known, op, { values: ok ? values : [], now: turn.now, versionFrom: versionPath(c) });
  if (op.type === 'observe') c.observing = ok ? 'yes' : 'refused';
  if (op.type === 'write' && c.phase === 'offering') c.offerCode = code;
  if (!ok) c.todo = [...insteadOf(turn, op), ...c.todo];
  if (c.todo.length > 0) return;
  reportState(turn);
  COMPLETE[c.phase]?.(turn);
}

/** Another way to learn the same. */
function insteadOf({ c }: Turn, op: Operation): Operation[] {
  if (op.type === 'observe' && op.path === FIRMWARE.INSTANCE)
    return c.order.observe === 'Instance' ? [] : [{ type: 'observe', path: FIRMWARE.STATE }];
  if (op.type === 'read' && op.path === versionPath(c) && c.phase === 'verifying') return [read(FIRMWARE.PKG_VERSION)];
  if (op.type !== 'read' || op.path !== FIRMWARE.INSTANCE) return [];
  c.singles = true;
  const first = [FIRMWARE.DELIVERY_METHOD, FIRMWARE.PROTOCOL_SUPPORT, FIRMWARE.PACKAGE_URI, FIRMWARE.AUTOMATIC_UPGRADE];
  return [...(c.phase === 'probing' ? first.map(read) : []), ...look(c)];
}

function unanswered(turn: Turn): void {
  const { c } = turn;
  c.asked = false;
  if (c.phase === 'executing') return executeUnanswered(turn);
  c.stalled = true;
}

/** A notification is a hint: State and Result may be notified one after the other, and a read decides. */
function hinted(turn: Turn): void {
  const { c } = turn;
  if (c.stalled) return awake(turn);
  const isWatching = (WATCHING.includes(c.phase) && c.push !== 'running') || c.phase === 'downloaded';
  if (isWatching && c.todo.length === 0) wait(turn, c.order.settleMs ?? SETTLE_MS, 'settle');
}

function permitted(turn: Turn): void {
  const { c } = turn;
  if (c.phase !== 'downloaded' || c.suspended || c.mayExecute) return;
  c.mayExecute = true;
  if (c.todo.length === 0) enter(turn, 'downloaded', look(c));
}

function cancel(turn: Turn): void {
  const { c } = turn;
  if (c.phase === 'cancelling') return;
  if (c.phase === 'executing' && c.asked) c.execute = 'unknown';
  stopTransfer(turn);
  c.mayExecute = false;
  c.resetWays = ['cancel', 'uri', 'package'];
  enter(turn, 'cancelling', look(c));
}

/** Observations are gone, an operation under way is lost, and the device may have rebooted: look. */
function registered(turn: Turn): void {
  const { c } = turn;
  if (c.phase === 'executing' && c.asked) executeUnanswered(turn);
  c.asked = false;
  c.stalled = false;
  c.observing = 'no';
  c.registeredSince = true;
  if (c.push === 'running') {
    c.push = 'lost';
    turn.actions.push({ type: 'stop-push' });
    lost(turn);
  }
  if (WATCHING.includes(c.phase) || c.phase === 'downloaded') enter(turn, c.phase, [...observeOps(c), ...look(c)]);
}

function awake(turn: Turn): void {
  const { c } = turn;
  c.stalled = false;
  const isDue = c.known.readAt === undefined || turn.now - c.known.readAt >= pollMs(c);
  if (isDue) lookIfWatching(turn);
}

function lookIfWatching({ c }: Turn): void {
  const isWatching = WATCHING.includes(c.phase) || (c.phase === 'downloaded' && c.wakeAt !== undefined);
  if (!isWatching || c.push === 'running' || c.todo.length > 0) return;
  c.todo = look(c);
  c.wakeAt = undefined;
}

/** A Hold: no block is sent or served, no operation started. */
function suspend(turn: Turn): void {
  const { c } = turn;
  if (c.suspended) return;
  c.suspended = true;
  c.mayExecute = false;
  if (c.push === 'running') c.offersLeft += 1; // Not the device's fault.
  stopTransfer(turn);
}

function resume(turn: Turn): void {
  const { c } = turn;
  if (!c.suspended) return;
  c.suspended = false;
  c.progressAt = turn.now;
  if (c.method === 'Pull' && (c.phase === 'downloading' || c.phase === 'offering' || c.phase === 'offer-refused')) serve(turn, true);
  lookIfWatching(turn);
}

function tick(turn: Turn): void {
  const { c } = turn;
  if (c.suspended) return;
  const isSilent = c.phase === 'downloading' && !c.stalled && turn.now - c.progressAt >= c.order.inactivityMs;
  if (isSilent) lost(turn);
  if (c.wakeAt === undefined || turn.now < c.wakeAt) return;
  c.stalled = false;
  lookIfWatching(turn);
  c.wakeAt = undefined;
}
