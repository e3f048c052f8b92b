import { DroverError, plus, type Endpoint, type Instant, type Namespace } from '@drover/kernel';
import type { BootstrapRecord, BootstrapWish, DeviceRecord } from '@drover/persistence';
import { draft, type Actor } from '../engine/audit-drafts.ts';
import type { Engine } from '../engine/engine.ts';
import { serverInstance } from '../engine/server-instance.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { OperationReport } from '../link/operations.ts';
import { reachOf } from './reach.ts';
import type { WishWaits } from './wish-texts.ts';

type Operated = Extract<OperationReport, { type: 'operated' }>;

/** Operations by which devices are sent to bootstrap: nobody else's begin like this. */
const PREFIX = 'bootstrap:';
/** Bootstrap-Request Trigger (`/1/x/9`), of LwM2M 1.1 and after. */
const TRIGGER = 9;
/** A device that listens now has to answer now, campaign ms. */
const AT_ONCE_MS = 93_000;
/** In one call. */
export const MAX_WISHED = 1000;

/** A device that has taken the order and has not come by then is asked again when it is heard, campaign ms: it may have lost its power on the way. */
const ASK_AGAIN_MS = 600_000;

/** What the next contact of a device may end. */
const ENDED_BY_CONTACT: readonly string[] = ['NOT_REGISTERED', 'ASLEEP', 'NO_ANSWER', 'ASKED'] satisfies WishWaits[];

/** Devices that somebody wants to come: asked by Execute where they can be, awaited with the reason where not. */
export class BootstrapWishes {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  static isOf({ id }: Operated): boolean {
    return id.startsWith(PREFIX);
  }

  /** All or none of them. Rejects with `DEVICE_NOT_FOUND` for one that nobody has heard of. */
  want(
    namespace: Namespace,
    endpoints: readonly string[],
    { reason, actor }: { reason: string; actor: Actor },
  ): Promise<BootstrapRecord[]> {
    if (endpoints.length > MAX_WISHED) throw new DroverError('REQUEST_INVALID', 'input', `at most ${MAX_WISHED} devices at a time`);
    return this.#engine.change((unit) => {
      const known = [...new Set(endpoints)].map((endpoint) => this.#recordOf(namespace, endpoint as Endpoint, unit));
      return known.map((record) => {
        const { endpoint, state } = record;
        unit.audit(draft('bootstrap-wanted', unit.now, { namespace, endpoint, actor }, { reason }));
        const wish = { by: actor.id, reason, at: unit.now, waits: 'NOT_REGISTERED' } as const;
        const wished: BootstrapRecord = { ...record, wish, ...(state === 'wanted' && { at: unit.now }) };
        return this.#ask(wished, unit);
      });
    });
  }

  /** Takes it back; a device that was asked already may come all the same. */
  cancel(namespace: Namespace, endpoint: string, { reason, actor }: { reason: string; actor: Actor }): Promise<BootstrapRecord> {
    return this.#engine.change((unit) => {
      const known = this.#engine.state.bootstraps.get(endpoint as Endpoint);
      if (known?.wish === undefined || known.namespace !== namespace)
        throw new DroverError('BOOTSTRAP_NOT_FOUND', 'missing', `nobody waits for ${JSON.stringify(endpoint.slice(0, 80))} to bootstrap`);
      const { wish: _, ...record } = known;
      unit.putBootstrap(record);
      unit.audit(draft('bootstrap-unwanted', unit.now, { namespace, endpoint, actor }, { reason }));
      return record;
    });
  }

  /** Of a rotation, in its own unit: a device that listens is sent, and whether it has come is for the rotation to see. */
  send(endpoint: Endpoint, { rotation, subject, by }: { rotation: string; subject: string; by: string }, unit: UnitOfWork): void {
    const record = this.#engine.state.bootstraps.get(endpoint) ?? newRecord(this.#engine.state.devices.get(endpoint)!, unit.now);
    const { namespace, state } = record;
    const reason = `rotation ${rotation}`;
    unit.audit(draft('bootstrap-wanted', unit.now, { namespace, endpoint, campaign: subject }, { reason }));
    // What a person wants of it stays, whatever becomes of the rotation.
    const isWanted = record.wish !== undefined && record.wish.rotation === undefined;
    const wish = isWanted ? record.wish : ({ by, reason, at: unit.now, waits: 'NOT_REGISTERED', rotation } as const);
    const { refused: _, ...rest } = record;
    this.#ask({ ...rest, wish, ...(state === 'wanted' && { at: unit.now }) }, unit);
  }

  /** Nobody waits for it there any more; what another one wants of it stays. */
  letBe(endpoint: Endpoint, rotation: string, unit: UnitOfWork): void {
    const record = this.#engine.state.bootstraps.get(endpoint);
    if (record?.wish?.rotation !== rotation) return;
    const { wish: _, ...rest } = record;
    unit.putBootstrap(rest);
  }

  onContact(endpoint: Endpoint): Promise<void> {
    const { bootstraps } = this.#engine.state;
    if (!bootstraps.isWished(endpoint)) return Promise.resolve();
    return this.#engine.change((unit) => {
      const record = bootstraps.get(endpoint);
      if (record?.wish && record.wish.rotation === undefined && isToBeAsked(record.wish, unit.now)) this.#ask(record, unit);
    });
  }

  onOperated({ id, endpoint, result }: Operated): Promise<void> {
    return this.#engine.change((unit) => {
      const record = this.#engine.state.bootstraps.get(endpoint);
      if (record?.wish === undefined || id !== idOf(record)) return;
      this.#waits(record, waitsAfter(result), unit);
    });
  }

  #recordOf(namespace: Namespace, endpoint: Endpoint, unit: UnitOfWork): BootstrapRecord {
    const { bootstraps, devices, credentials } = this.#engine.state;
    const known = bootstraps.get(endpoint);
    const owner = known ?? devices.get(endpoint) ?? credentials.of(endpoint)[0];
    if (owner === undefined || owner.namespace !== namespace)
      throw new DroverError('DEVICE_NOT_FOUND', 'missing', `no device is called ${JSON.stringify(endpoint.slice(0, 80))}`);
    return known ?? newRecord({ namespace, endpoint }, unit.now);
  }

  #ask(record: BootstrapRecord, unit: UnitOfWork): BootstrapRecord {
    const device = this.#engine.state.devices.get(record.endpoint);
    const reach = reachOf(device, this.#engine.state.awakeUntil.get(record.endpoint), unit.now);
    const waits = reach === 'LISTENS' ? 'ASKED' : reach;
    const instance = device && serverInstance(device);
    const asked = this.#waits(waits === 'ASKED' ? withAsked(record, unit) : record, waits, unit);
    if (waits !== 'ASKED') return asked;
    const order = { operation: 'execute', path: `/1/${instance}/${TRIGGER}` } as const;
    unit.send({ type: 'operate', id: idOf(record), endpoint: record.endpoint, order, notAfter: plus(unit.now, AT_ONCE_MS) });
    return asked;
  }

  #waits(record: BootstrapRecord, waits: WishWaits, unit: UnitOfWork): BootstrapRecord {
    const { wish } = record;
    if (wish === undefined) return record;
    const after: BootstrapRecord = { ...record, wish: { ...wish, waits } };
    unit.putBootstrap(after);
    return after;
  }
}

function isToBeAsked({ waits, askedAt }: BootstrapWish, now: Instant): boolean {
  const isLate = waits === 'REQUEST' && askedAt !== undefined && now - askedAt >= ASK_AGAIN_MS;
  return isLate || ENDED_BY_CONTACT.includes(waits);
}

function withAsked(record: BootstrapRecord, { now }: UnitOfWork): BootstrapRecord {
  return record.wish === undefined ? record : { ...record, wish: { ...record.wish, askedAt: now } };
}

const newRecord = ({ namespace, endpoint }: Pick<DeviceRecord, 'namespace' | 'endpoint'>, at: Instant): BootstrapRecord => ({
  namespace,
  endpoint,
  state: 'wanted',
  at,
  sessions: 0,
});

const idOf = ({ wish }: BootstrapRecord): string => `${PREFIX}${wish?.at ?? 0}`;

function waitsAfter(result: Operated['result']): WishWaits {
  if (result.type === 'done') return 'REQUEST';
  if (result.type === 'no-answer') return 'NO_ANSWER';
  // Without an answer it was not even sent: it is not registered any more.
  return result.answer === undefined ? 'NOT_REGISTERED' : 'OWN_REQUEST';
}
