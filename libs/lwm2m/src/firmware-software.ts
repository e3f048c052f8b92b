import { prepare } from './firmware-prepare.ts';
import { beginCancel, beginReset } from './firmware-reset.ts';
import { end, enter, look, read, refuse, targetOf } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { PackageSlot } from './firmware-types.ts';
import { parsePath } from './paths.ts';
import { pathsOf, SOFTWARE_STATE } from './update-object.ts';
import type { ResourceValue } from './values.ts';

/** What a read of Object 9, or of one of its instances, tells of its packages; a later read replaces an earlier. */
export function withSlots(known: readonly PackageSlot[], values: readonly ResourceValue[]): PackageSlot[] {
  const slots = new Map(known.map((slot) => [slot.instance, { ...slot }]));
  for (const { path, value } of values) {
    const { instance } = parsePath(path);
    if (instance === undefined) continue;
    const slot = slots.get(instance) ?? { instance, name: '', state: undefined };
    slots.set(instance, slot);
    const { packageName, state } = pathsOf({ object: 'Software', instance });
    if (path === packageName && typeof value === 'string') slot.name = value;
    if (path === state && typeof value === 'number') slot.state = value;
  }
  return [...slots.values()].sort((a, b) => a.instance - b.instance);
}

/**
 * The instance that holds the package is ours, and so is the nameless one that an earlier session or attempt left
 * downloading; else the one the campaign names if it is empty, else any empty one, else a new one.
 */
export function located(turn: Turn): void {
  const { c } = turn;
  const { component, instance } = targetOf(c.order);
  const { keepOffset, offeredBefore = false } = c.order;
  const slot =
    c.slots.find(({ name }) => name === component) ??
    (keepOffset !== undefined || offeredBefore ? c.slots.find(isComing) : undefined) ??
    c.slots.find((each) => each.instance === instance && isEmpty(each)) ??
    c.slots.find(isEmpty);
  if (slot) return probe(turn, slot.instance);
  if (c.wantsCancel) return nothingToCancel(turn);
  if (c.onlyLooks) return nothingThere(turn);
  if (c.created) return refuse(turn, { class: 'Refused', why: `no instance of ${c.paths.object} is free, and none can be created` });
  c.created = true;
  // The id is the device's to choose: with one of ours a value would have to be in it, and nothing here can be written yet.
  enter(turn, 'locating', [{ type: 'create', path: c.paths.object, values: [] }, read(c.paths.object)]);
}

/** A package has no name before it is there. */
const isComing = ({ name, state }: PackageSlot): boolean =>
  name === '' && (state === SOFTWARE_STATE.DOWNLOAD_STARTED || state === SOFTWARE_STATE.DOWNLOADED);
const isEmpty = ({ name, state = SOFTWARE_STATE.INITIAL }: PackageSlot): boolean => name === '' && state === SOFTWARE_STATE.INITIAL;

function probe(turn: Turn, instance: number): void {
  const { c } = turn;
  c.paths = pathsOf({ object: 'Software', instance });
  if (c.wantsCancel) return beginCancel(turn);
  enter(turn, c.onlyLooks ? 'installing' : 'probing', look(c));
}

function nothingToCancel(turn: Turn): void {
  turn.facts.push({ type: 'cancelled' });
  end(turn);
}

function nothingThere(turn: Turn): void {
  turn.facts.push({ type: 'version-read', version: undefined, from: turn.c.paths.packageVersion, state: 0, result: 0 });
  end(turn);
}

/** The instance was deleted to be rid of what was in it: another one is looked for, or made. */
export function locateAnew(turn: Turn): void {
  const { c } = turn;
  c.paths = pathsOf(targetOf(c.order));
  c.slots = [];
  c.created = false;
  enter(turn, 'locating', [read(c.paths.object)]);
}

const FOR_UPDATE = [{ id: 1 }] as const;
const FOR_UPDATE_SPELT = [{ id: 0, value: '1' }] as const;

/**
 * A version is installed: makes room for another over it. First without stopping what runs; a device that insists is
 * deactivated. The argument is written in the two ways that devices read.
 */
export function clear(turn: Turn): void {
  const { uninstall, deactivate } = turn.c.paths;
  if (uninstall === undefined || deactivate === undefined) return beginReset(turn);
  const forUpdate = [FOR_UPDATE, FOR_UPDATE_SPELT].map((words) => ({ type: 'execute', path: uninstall, arguments: words }) as const);
  turn.c.clearing = [...forUpdate, { type: 'execute', path: deactivate }, ...forUpdate];
  clearNext(turn);
}

function clearNext(turn: Turn): void {
  const [operation, ...rest] = turn.c.clearing;
  turn.c.clearing = rest;
  if (operation === undefined)
    return refuse(turn, { class: 'Refused', why: 'the installed version makes no room for another: Uninstall is refused' });
  enter(turn, 'clearing', [operation, ...look(turn.c)]);
}

export function cleared(turn: Turn): void {
  const { known } = turn.c;
  if (known.installed === true || known.state === undefined) return clearNext(turn);
  prepare(turn);
}
