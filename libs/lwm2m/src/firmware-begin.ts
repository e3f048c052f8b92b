import { chooseMethod, isOurs, isServedByUs, protocolsOf, resumes } from './firmware-method.ts';
import { prepare } from './firmware-prepare.ts';
import { beginReset, nextReset } from './firmware-reset.ts';
import { clear, locateAnew } from './firmware-software.ts';
import { end, enter, poll, refuse, versionPaths } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import { UPDATE_STATE } from './objects.ts';

/** Everything was read once: decide where to begin. */
export function probed(turn: Turn): void {
  const { c } = turn;
  const { order, known } = c;
  const from = known.versionAt ?? versionPaths(c)[0] ?? '';
  turn.facts.push({ type: 'version-read', version: known.version, from, state: known.state, result: known.result });
  if (known.state === undefined) return refuse(turn, { class: 'Refused', why: `the State of ${c.paths.instance} cannot be read` });
  if (known.state === UPDATE_STATE.UPDATING) {
    // It was told to install before we began: wait it out, then see what it has become.
    c.execute = 'started';
    enter(turn, 'installing', []);
    return poll(turn);
  }
  const method = chooseMethod(c);
  if (method === undefined) return refuse(turn, { class: 'UnsupportedProtocol', why: unsupportedWhy(turn) });
  c.method = method;
  turn.facts.push({ type: 'capability', method, protocols: protocolsOf(known), deliveryMethod: known.deliveryMethod });
  if (known.state === UPDATE_STATE.IDLE && known.version === order.expectedVersion) return end(turn);
  beginAtState(turn);
}

function beginAtState(turn: Turn): void {
  const { c } = turn;
  const { state, installed } = c.known;
  if (state === UPDATE_STATE.DOWNLOADED && isOurs(c, { complete: true })) {
    turn.facts.push({ type: 'download-finished' });
    return enter(turn, 'downloaded', []);
  }
  if (installed === true) return clear(turn);
  const goesOn = c.method !== undefined && resumes(c.order, c.method) && !hasStalled(turn);
  if (state === UPDATE_STATE.DOWNLOADING && goesOn && isOurs(c, { complete: false })) return prepare(turn);
  if (state !== UPDATE_STATE.IDLE || mustClearResult(turn)) return beginReset(turn);
  prepare(turn);
}

/** Sessions in a row in which a device that says "downloading" fetched nothing, after which it gets the URI anew. */
const MAX_IDLE_SESSIONS = 2;

/** Its download hangs: some stacks lose the thread of a pull with the network, and never come back to it by themselves. */
function hasStalled({ c: { method, order, known } }: Turn): boolean {
  // What a file host has served nobody has told us.
  const told = order.uris.find(({ uri }) => uri === known.uri);
  return method === 'Pull' && (told === undefined || isServedByUs(told)) && (order.idleSessions ?? 0) >= MAX_IDLE_SESSIONS;
}

/** A reset of Object 5 clears the Result; Object 9 knows none, and keeps 58 even over an Uninstall. */
function mustClearResult({ c: { known, paths } }: Turn): boolean {
  return (known.result ?? 0) !== 0 && paths.uninstall === undefined;
}

function unsupportedWhy({ c: { order, known } }: Turn): string {
  const protocols = protocolsOf(known).join(', ');
  const schemes = order.uris.map(({ scheme }) => scheme).join(', ');
  return `${order.method} of ${schemes || 'no URI'}, but the device has delivery method ${known.deliveryMethod} and protocols ${protocols}`;
}

/** Only what is read back counts: a device may answer 2.04 and stay where it is. */
export function resetDone(turn: Turn): void {
  const { c } = turn;
  if (c.known.state === UPDATE_STATE.IDLE) return prepare(turn);
  // A download that Object 9 knows no way to end: it ends by itself, and if it is of our URI it goes on with us.
  const isLeft = c.known.state === UPDATE_STATE.DOWNLOADING && c.paths.uninstall !== undefined && c.resetWays.length === 0;
  if (isLeft) return prepare(turn);
  const isDeleted = c.known.state === undefined && c.paths.uninstall !== undefined && c.resetWays.length === 0;
  if (!isDeleted || c.offersLeft === 0) return nextReset(turn);
  c.offersLeft -= 1;
  locateAnew(turn);
}
