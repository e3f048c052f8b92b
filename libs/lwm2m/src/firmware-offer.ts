import { CONTENT_FORMAT } from './content.ts';
import { mayPush, protocolsOf, uriOf, usableUris } from './firmware-method.ts';
import { beginReset } from './firmware-reset.ts';
import { enter, fail, look, poll, refuse, serve, targetOf } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { Operation } from './firmware-types.ts';
import { DEVICE, UPDATE_RESULT, UPDATE_STATE } from './objects.ts';

/** What is watched while the image is on its way; observations of an earlier registration are gone. */
export function observeOps({ observing, watching, order, paths }: Turn['c']): Operation[] {
  const observe = (path: string): Operation => ({ type: 'observe', path });
  const battery = order.watchBattery === true && watching === 'no' && order.observe !== 'None' ? [observe(DEVICE.BATTERY_LEVEL)] : [];
  if (observing !== 'no' || order.observe === 'None') return battery;
  return [observe(order.observe === 'Resource' ? paths.state : paths.instance), ...battery];
}

export function offer(turn: Turn): void {
  const { c } = turn;
  const resumed = c.known.state === UPDATE_STATE.DOWNLOADING;
  c.resultBefore = c.known.result ?? 0;
  c.moved = resumed;
  c.started = false;
  c.offerCode = undefined;
  c.registeredSince = false;
  c.idleLooks = 0;
  const uri = c.method === 'Pull' && !resumed ? uriOf(c)?.uri : undefined;
  const writes: Operation[] =
    uri === undefined ? [] : [{ type: 'write', path: c.paths.packageUri, format: CONTENT_FORMAT.TEXT, value: uri }];
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
  const { c } = turn;
  if (c.suspended) {
    // The answer before it came during a Hold. The look that follows `resume` finds it lost, and begins it; not the device's fault.
    c.push = 'lost';
    c.offersLeft += 1;
    return;
  }
  c.push = 'running';
  c.pushedFrom = c.offset;
  c.idleLooks = 0;
  c.progressAt = turn.now;
  turn.actions.push({ type: 'start-push', offset: c.offset, path: c.order.pushTo ?? c.paths.package });
}

const NOT_THERE: readonly string[] = ['4.04', '4.05'];

/** Some stacks answer the Write 4.00 and put the reason into Result; others refuse because they are not in State 0. */
export function offerRefused(turn: Turn): void {
  const { c } = turn;
  const { known, resultBefore, offerCode, offersLeft } = c;
  const result = known.result ?? 0;
  if (result >= UPDATE_RESULT.NOT_ENOUGH_FLASH && result !== resultBefore) return failOrTryNext(turn, result);
  // It has taken the URI after all, and our first Write was answered into the void.
  if (known.state !== UPDATE_STATE.IDLE && known.uri !== undefined && known.uri === uriOf(c)?.uri) {
    turn.facts.push({ type: 'offered' });
    return enter(turn, 'downloading', look(c));
  }
  if (known.state !== undefined && known.state !== UPDATE_STATE.IDLE && offersLeft > 0) {
    c.offersLeft = offersLeft - 1;
    return beginReset(turn);
  }
  // Object 9 does not say which of the two it has: what is not there is found out by asking.
  if (NOT_THERE.includes(offerCode ?? '') && pushInstead(turn)) return offer(turn);
  refuse(turn, { class: 'Refused', why: `the Package URI was answered ${offerCode}` });
}

/** The device cannot fetch by this scheme: the next one is offered, then a push, as far as the campaign allows. */
export function failOrTryNext(turn: Turn, result: number): void {
  const { c } = turn;
  const isScheme =
    result === UPDATE_RESULT.UNSUPPORTED_PROTOCOL || (result === UPDATE_RESULT.INVALID_URI && targetOf(c.order).object === 'Software');
  // Blocks have come by this scheme: whatever is wrong, the next one cures it as little.
  if (!isScheme || c.started || c.method !== 'Pull' || c.order.tryNextProtocol !== true) return fail(turn, result);
  serve(turn, false);
  if (c.uriAt + 1 < usableUris(c).length) c.uriAt += 1;
  else if (!pushInstead(turn)) return fail(turn, result);
  else c.switchedAfter = result;
  offer(turn);
}

function pushInstead(turn: Turn): boolean {
  const { c } = turn;
  if (c.methodSwitched || c.method !== 'Pull' || c.order.method !== 'Auto' || !mayPush(c)) return false;
  serve(turn, false);
  c.method = 'Push';
  c.methodSwitched = true;
  c.offset = 0;
  turn.facts.push({ type: 'capability', method: 'Push', protocols: protocolsOf(c.known), deliveryMethod: c.known.deliveryMethod });
  return true;
}
