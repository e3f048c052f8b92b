import { CONTENT_FORMAT } from './content.ts';
import { chooseMethod, isOurs, protocolsOf } from './firmware-method.ts';
import { end, enter, fail, look, poll, read, refuse, resetBy, serve, versionPath } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { Operation } from './firmware-types.ts';
import { FIRMWARE, UPDATE_RESULT, UPDATE_STATE } from './objects.ts';

/** Everything was read once: decide where to begin. */
export function probed(turn: Turn): void {
  const { c } = turn;
  const { order, known } = c;
  turn.facts.push({
    type: 'version-read',
    version: known.version,
    from: versionPath(c),
    state: known.state,
    result: known.result,
  });
  if (known.state === undefined)
    return refuse(turn, { class: 'Incompatible', why: 'the State of the Firmware Update object cannot be read' });
  if (known.state === UPDATE_STATE.UPDATING) {
    // It was told to install before we began: wait it out, then see what it has become.
    c.execute = 'started';
    enter(turn, 'installing', []);
    return poll(turn);
  }
  const method = chooseMethod(order, known);
  if (method === undefined) return refuse(turn, { class: 'UnsupportedProtocol', why: unsupportedWhy(turn) });
  c.method = method;
  turn.facts.push({ type: 'capability', method, protocols: protocolsOf(known), deliveryMethod: known.deliveryMethod });

  if (known.state === UPDATE_STATE.IDLE && known.version === order.expectedVersion) return end(turn);
  if (known.state === UPDATE_STATE.DOWNLOADED && isOurs(order, known, { complete: true })) {
    turn.facts.push({ type: 'download-finished' });
    return enter(turn, 'downloaded', []);
  }
  if (known.state === UPDATE_STATE.DOWNLOADING && isOurs(order, known, { complete: false })) return prepare(turn);
  if (known.state !== UPDATE_STATE.IDLE || (known.result ?? 0) !== 0) return beginReset(turn);
  return prepare(turn);
}

function unsupportedWhy({ c: { order, known } }: Turn): string {
  const protocols = protocolsOf(known).join(', ');
  return `${order.method} of ${order.uriScheme}, but the device has delivery method ${known.deliveryMethod} and protocols ${protocols}`;
}

/** In State 0 only the Result is to be cleared; a NUL would be taken for image data by some stacks. */
export function beginReset(turn: Turn): void {
  turn.c.resetWays = turn.c.known.state === UPDATE_STATE.IDLE ? ['uri'] : ['uri', 'package', 'cancel'];
  nextReset(turn);
}

function nextReset(turn: Turn): void {
  const [way, ...rest] = turn.c.resetWays;
  if (way === undefined) return refuse(turn, { class: 'Refused', why: `stays in State ${turn.c.known.state} whatever resets it` });
  turn.c.resetWays = rest;
  enter(turn, 'resetting', [resetBy(way), ...look(turn.c)]);
}

/** Only what is read back counts: a device may answer 2.04 and stay where it is. */
export function resetDone(turn: Turn): void {
  if (turn.c.known.state === UPDATE_STATE.IDLE) prepare(turn);
  else nextReset(turn);
}

function prepare(turn: Turn): void {
  const { order, known } = turn.c;
  if (!order.automaticUpgradeOff || known.automaticUpgrade !== true) return offer(turn);
  const path = FIRMWARE.AUTOMATIC_UPGRADE;
  enter(turn, 'preparing', [{ type: 'write', path, format: CONTENT_FORMAT.TEXT, value: false }, read(path)]);
}

/** A device that installs by itself would do so outside the install window. */
export function prepared(turn: Turn): void {
  if (turn.c.known.automaticUpgrade === false) offer(turn);
  else refuse(turn, { class: 'Incompatible', why: 'the device keeps installing by itself: /5/0/14 could not be switched off' });
}

export function observeOps({ observing, order }: Turn['c']): Operation[] {
  if (observing !== 'no' || order.observe === 'None') return [];
  return [{ type: 'observe', path: order.observe === 'Resource' ? FIRMWARE.STATE : FIRMWARE.INSTANCE }];
}

export function offer(turn: Turn): void {
  const { c } = turn;
  const resumed = c.known.state === UPDATE_STATE.DOWNLOADING;
  c.resultBefore = c.known.result ?? 0;
  c.moved = resumed;
  c.started = false;
  c.offerCode = undefined;
  c.registeredSince = false;
  const writes: Operation[] =
    c.method === 'Pull' && !resumed ? [{ type: 'write', path: FIRMWARE.PACKAGE_URI, format: CONTENT_FORMAT.TEXT, value: c.order.uri }] : [];
  // Served before it is offered: the first GET can come before the answer to the Write.
  if (c.method === 'Pull') serve(turn, true);
  const todo = [...observeOps(c), ...writes];
  enter(turn, 'offering', todo);
  if (todo.length === 0) offered(turn);
}

export function offered(turn: Turn): void {
  const { c } = turn;
  if (c.offerCode !== undefined && !c.offerCode.startsWith('2.')) return enter(turn, 'offer-refused', look(c));
  enter(turn, 'downloading', []);
  c.progressAt = turn.now;
  c.lostReported = false;
  if (c.method === 'Push') return startPush(turn);
  turn.facts.push({ type: 'offered' });
  poll(turn);
}

export function startPush(turn: Turn): void {
  if (turn.c.suspended) {
    // The answer before it came during a Hold. The look that follows `resume` finds it lost, and begins it; not the device's fault.
    turn.c.push = 'lost';
    turn.c.offersLeft += 1;
    return;
  }
  turn.c.push = 'running';
  turn.c.pushedFrom = turn.c.offset;
  turn.c.idleLooks = 0;
  turn.c.progressAt = turn.now;
  turn.actions.push({ type: 'start-push', offset: turn.c.offset });
}

/** Some stacks answer the Write 4.00 and put the reason into Result; others refuse because they are not in State 0. */
export function offerRefused(turn: Turn): void {
  const { known, resultBefore, offerCode, offersLeft } = turn.c;
  const result = known.result ?? 0;
  if (result >= UPDATE_RESULT.NOT_ENOUGH_FLASH && result !== resultBefore) return fail(turn, result);
  // It has taken the URI after all, and our first Write was answered into the void.
  if (known.state !== UPDATE_STATE.IDLE && known.uri === turn.c.order.uri) {
    turn.facts.push({ type: 'offered' });
    return enter(turn, 'downloading', look(turn.c));
  }
  if (known.state !== undefined && known.state !== UPDATE_STATE.IDLE && offersLeft > 0) {
    turn.c.offersLeft = offersLeft - 1;
    return beginReset(turn);
  }
  refuse(turn, { class: 'Refused', why: `the Package URI was answered ${offerCode}` });
}
