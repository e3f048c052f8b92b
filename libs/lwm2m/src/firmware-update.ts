import { downloadSeen, lost, progressed, pushEnded } from './firmware-download.ts';
import { probed, resetDone } from './firmware-begin.ts';
import { activated, cancelSeen, downloadedSeen, executeAnswered, executeUnanswered, installSeen, verified } from './firmware-install.ts';
import { batteryIn, learn, mentionsState, type Lesson } from './firmware-knowledge.ts';
import { observeOps, offered, offerRefused } from './firmware-offer.ts';
import { prepared } from './firmware-prepare.ts';
import { beginCancel } from './firmware-reset.ts';
import { cleared, located, withSlots } from './firmware-software.ts';
import {
  endTurn,
  enter,
  look,
  pollMs,
  read,
  readVersion,
  reportState,
  serve,
  settle,
  startTurn,
  stopTransfer,
  targetOf,
  versionPaths,
  wait,
} from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { Conversation, FirmwareInput, FirmwareOrder, Operation, Phase, Step } from './firmware-types.ts';
import { DEVICE, UPDATE_STATE } from './objects.ts';
import { pathsOf } from './update-object.ts';
import type { ResourceValue } from './values.ts';

const BUSY_MS = 30_000;
/** One stack says 5.03 for up to 300 s after a broken push. */
const MAX_BUSY = 20;
const MAX_OFFERS = 3;

/** Begins, or begins again after a restart: nothing is assumed, the device is read first. */
export function begin(order: FirmwareOrder, now: number): Step {
  const turn = startTurn(fresh(order, now), now);
  const { c } = turn;
  if (targetOf(order).object === 'Software') enter(turn, 'locating', [read(c.paths.object)]);
  else enter(turn, 'probing', [...look(c), readVersion(c)]);
  return endTurn(turn);
}

function fresh(order: FirmwareOrder, now: number): Conversation {
  return {
    order,
    paths: pathsOf(targetOf(order)),
    phase: 'probing',
    known: {},
    todo: [],
    asked: false,
    stalled: false,
    busyCount: 0,
    suspended: false,
    onlyLooks: false,
    wantsCancel: false,
    uriAt: 0,
    methodSwitched: false,
    slots: [],
    created: false,
    clearing: [],
    singles: false,
    observing: 'no',
    watching: 'no',
    resetWays: [],
    offersLeft: MAX_OFFERS,
    resultBefore: order.resultBefore ?? 0,
    moved: false,
    offset: order.keepOffset ?? 0,
    started: false,
    progressAt: now,
    lostReported: false,
    push: 'none',
    pushedFrom: 0,
    serving: false,
    idleLooks: 0,
    verifiedTwice: false,
    registeredSince: false,
    mayExecute: false,
    execute: 'none',
  };
}

/**
 * Begins again for an update that had its download behind it: Execute may have been sent or not. Looks, and offers
 * nothing, whatever it finds.
 */
export function beginInstalled(order: FirmwareOrder, now: number): Step {
  const turn = startTurn({ ...fresh(order, now), execute: 'unknown', offersLeft: 0, onlyLooks: true }, now);
  if (targetOf(order).object === 'Software') enter(turn, 'locating', [read(turn.c.paths.object)]);
  else enter(turn, 'installing', look(turn.c));
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
  locating: located,
  probing: probed,
  clearing: cleared,
  resetting: resetDone,
  preparing: prepared,
  offering: offered,
  'offer-refused': offerRefused,
  downloading: downloadSeen,
  downloaded: downloadedSeen,
  installing: installSeen,
  activating: activated,
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
      return c.push === 'running' ? pushFinished(turn, input) : undefined;
    case 'push-failed':
      return c.push === 'running' ? pushEnded(turn, { push: input.why, offset: input.offset }) : undefined;
    case 'block-served':
      return c.serving && (c.phase === 'downloading' || c.phase === 'offering')
        ? progressed(turn, input.offset + input.length, input.offset)
        : undefined;
    case 'observed':
      return observed(turn, input.values);
    case 'execute':
      return permitted(turn);
    case 'cancel':
      return cancel(turn);
    case 'registered':
      return registered(turn);
    case 'moved':
      return moved(turn);
    case 'contact':
      return awake(turn);
    case 'stay':
      return lookIfWatching(turn);
    case 'suspend':
      return suspend(turn);
    case 'resume':
      return resume(turn);
    case 'tick':
      return tick(turn);
  }
}

function pushFinished(turn: Turn, { certain = true }: { readonly certain?: boolean }): void {
  pushEnded(turn, { push: certain ? 'finished' : 'doubtful', offset: turn.c.order.size });
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
  if (op.type === 'read') taught(turn, op, ok ? values : []);
  if (op.type === 'observe') noteObservation(turn, op, ok);
  if (op.type === 'observe' && ok) saveRead(turn, op, values);
  if (op.type === 'write' && c.phase === 'offering') c.offerCode = code;
  if (!ok) c.todo = [...insteadOf(turn, op), ...c.todo];
  if (c.todo.length > 0) return;
  if (c.phase !== 'locating') reportState(turn);
  COMPLETE[c.phase]?.(turn);
}

function taught(turn: Turn, op: Operation, values: readonly ResourceValue[]): void {
  const { c } = turn;
  if (c.phase === 'locating') c.slots = withSlots(c.slots, values);
  else c.known = learn(c.known, op, values, lessonOf(turn));
  tellBattery(turn, values);
}

/** What an Observe of the instance is answered is what a read would be: with State and Result in it, that read and its airtime are saved. */
function saveRead(turn: Turn, { path }: Operation, values: readonly ResourceValue[]): void {
  const { c } = turn;
  const isWhole = [c.paths.state, c.paths.result].every((wanted) => values.some((value) => value.path === wanted));
  if (!isWhole || !c.todo.some((op) => op.type === 'read' && op.path === path)) return;
  taught(turn, read(path), values);
  c.todo = c.todo.filter((op) => op.type !== 'read' || op.path !== path);
}

function lessonOf({ c, now }: Turn): Lesson {
  const { order, paths } = c;
  return { object: targetOf(order).object, paths, versionPaths: versionPaths(c), expectedVersion: order.expectedVersion, now };
}

function noteObservation(turn: Turn, { path }: Operation, ok: boolean): void {
  if (path === DEVICE.BATTERY_LEVEL) turn.c.watching = ok ? 'yes' : 'refused';
  else turn.c.observing = ok ? 'yes' : 'refused';
}

function tellBattery(turn: Turn, values: readonly ResourceValue[]): void {
  const level = turn.c.order.watchBattery === true ? batteryIn(values) : undefined;
  if (level !== undefined) turn.facts.push({ type: 'battery', level });
}

/** Another way to learn the same. */
function insteadOf({ c }: Turn, op: Operation): Operation[] {
  const { paths, order } = c;
  if (op.type === 'observe' && op.path === paths.instance)
    return order.observe === 'Instance' ? [] : [{ type: 'observe', path: paths.state }];
  if (op.type !== 'read') return [];
  if (op.path === paths.object && c.phase === 'locating' && c.slots.length === 0 && !c.created)
    return (order.announced ?? []).map((instance) => read(`${paths.object}/${instance}`));
  const version = versionPaths(c).indexOf(op.path);
  if (version >= 0 && op.path !== paths.instance) return elsewhere(c, version);
  return op.path === paths.instance ? singly(c) : [];
}

/** The next resource that may show the version; at last the package's own, which is a hint. */
function elsewhere(c: Turn['c'], at: number): Operation[] {
  const next = versionPaths(c)[at + 1];
  if (next !== undefined) return [read(next)];
  return c.phase === 'verifying' ? [read(c.paths.packageVersion)] : [];
}

/** An instance that cannot be read in one go. */
function singly(c: Turn['c']): Operation[] {
  c.singles = true;
  const { delivery, protocols, packageUri, automaticUpgrade, linked, severity, maximumDefer, packageName, packageVersion, activation } =
    c.paths;
  const first =
    activation === undefined
      ? [delivery, protocols, packageUri, automaticUpgrade, linked, ...wished(c.order.activation, { severity, maximumDefer })]
      : [packageName, packageVersion, activation];
  return [...(c.phase === 'probing' ? first.filter((path) => path !== undefined).map(read) : []), ...look(c)];
}

function wished(
  { severity, maximumDeferS }: FirmwareOrder['activation'],
  paths: { severity: string | undefined; maximumDefer: string | undefined },
): (string | undefined)[] {
  return [severity === undefined ? undefined : paths.severity, maximumDeferS === undefined ? undefined : paths.maximumDefer];
}

function unanswered(turn: Turn): void {
  const { c } = turn;
  c.asked = false;
  if (c.phase === 'executing') return executeUnanswered(turn);
  c.stalled = true;
}

function observed(turn: Turn, values: readonly ResourceValue[]): void {
  tellBattery(turn, values);
  if (mentionsState(values, turn.c.paths)) hinted(turn);
}

/** A notification is a hint: State and Result may be notified one after the other, and a read decides. */
function hinted(turn: Turn): void {
  const { c } = turn;
  if (c.stalled) return awake(turn);
  const isWatching = (WATCHING.includes(c.phase) && c.push !== 'running') || c.phase === 'downloaded';
  if (isWatching && c.todo.length === 0) settle(turn);
}

function permitted(turn: Turn): void {
  const { c } = turn;
  if (c.phase !== 'downloaded' || c.suspended || c.mayExecute) return;
  c.mayExecute = true;
  if (c.todo.length === 0) enter(turn, 'downloaded', look(c));
}

function cancel(turn: Turn): void {
  const { c } = turn;
  if (c.phase === 'cancelling' || c.wantsCancel) return;
  // Uninstalling what is not ours would be worse than any campaign: first it must be known which instance that is.
  if (c.phase === 'locating') {
    c.wantsCancel = true;
    return;
  }
  if (c.phase === 'executing' && c.asked) c.execute = 'unknown';
  c.mayExecute = false;
  beginCancel(turn);
}

/** Observations are gone, an operation under way is lost, and the device may have rebooted: look. */
function registered(turn: Turn): void {
  const { c } = turn;
  if (c.phase === 'executing' && c.asked) executeUnanswered(turn);
  c.asked = false;
  c.stalled = false;
  c.observing = 'no';
  c.watching = 'no';
  c.registeredSince = true;
  if (c.push === 'running') {
    c.push = 'lost';
    turn.actions.push({ type: 'stop-push' });
    lost(turn);
  }
  if (WATCHING.includes(c.phase) || c.phase === 'downloaded') enter(turn, c.phase, [...observeOps(c), ...look(c)]);
}

function moved(turn: Turn): void {
  const { c } = turn;
  if (c.phase === 'executing' && c.asked) executeUnanswered(turn);
  c.asked = false;
  c.stalled = false;
  if (c.observing === 'yes') c.observing = 'no';
  if (c.watching === 'yes') c.watching = 'no';
  const isWatching = WATCHING.includes(c.phase) || c.phase === 'downloaded';
  if (isWatching) c.todo = [...observeOps(c), ...c.todo.filter(({ type }) => type !== 'observe')];
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

/** A Hold: no block is sent or served, nothing on the device is changed. What it does by itself is still looked at. */
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
  if (c.suspended && c.phase !== 'installing') return;
  const isSilent = c.phase === 'downloading' && !c.stalled && turn.now - c.progressAt >= c.order.inactivityMs;
  if (isSilent) lost(turn);
  if (c.wakeAt === undefined || turn.now < c.wakeAt) return;
  c.stalled = false;
  if (isFlowing(turn)) return wait(turn, c.progressAt + pollMs(c) - turn.now, 'poll');
  lookIfWatching(turn);
  c.wakeAt = undefined;
}

/** It has said that it downloads, and fetches block after block: a look would tell nothing new and take its airtime. */
function isFlowing({ c, now }: Turn): boolean {
  const isUnderWay = c.phase === 'downloading' && c.serving && c.known.state === UPDATE_STATE.DOWNLOADING;
  return isUnderWay && c.started && c.offset < c.order.size && now - c.progressAt < pollMs(c);
}
