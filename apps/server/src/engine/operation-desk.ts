import { DroverError, durationText, plus, type Endpoint, type Entropy, type Instant } from '@drover/kernel';
import {
  changesDevice,
  isRepeatable,
  operationFrom,
  ruleAgainst,
  type DeviceOperation,
  type ObjectModels,
  type OperationOrder,
} from '@drover/lwm2m';
import type { DeviceRecord } from '@drover/persistence';
import type { OperationReport, OperationResult } from '../link/operations.ts';
import type { Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import { operationFinished, operationRequested } from './operation-audit.ts';
import { OperationQueues } from './operation-queues.ts';
import { OperationTicket, type OperationAsked, type OperationWait } from './operation-ticket.ts';
import { asleepText, expired, noAnswer, waitFor } from './operation-waiting.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** How long an operation on a device that listens may take to be sent, campaign ms. */
const AT_ONCE_MS = 93_000;
/** Longest wait for a sleeper, campaign ms. */
export const MAX_WAIT_MS = 7 * 86_400_000;
/** An observation that nobody has looked at for so long has no request any more to end with, wall ms. */
const LEASE_MS = 60_000;
/** How long the end of an operation can be fetched, wall ms. */
const KEPT_MS = 600_000;
const TICK_MS = 1000;

type Operated = Extract<OperationReport, { type: 'operated' }>;
type Notified = Extract<OperationReport, { type: 'operation-notified' }>;

/**
 * Operations that people ask of single devices. What changes a device is in the audit log before it is sent; a device that
 * sleeps is waited for, and asked one thing at a time. Nothing of it outlives the process: who asked is there to ask again.
 */
export class OperationDesk {
  readonly #engine: Engine;
  readonly #models: ObjectModels;
  readonly #entropy: Entropy;
  readonly #wallNow: () => number;
  readonly #queues = new OperationQueues();
  #tickedAt = 0;

  constructor(parts: { engine: Engine; models: ObjectModels; entropy: Entropy; wallNow: () => number }) {
    this.#engine = parts.engine;
    this.#models = parts.models;
    this.#entropy = parts.entropy;
    this.#wallNow = parts.wallNow;
  }

  /** `waitMs` is how long a device that sleeps is waited for; without it such a device is refused. */
  ask(device: DeviceRecord, order: OperationOrder, { waitMs, by }: { waitMs: number; by: Actor }): Promise<OperationTicket> {
    const operation = operationFrom(order, this.#models);
    const broken = ruleAgainst(operation);
    if (broken) throw new DroverError(broken.code, 'denied', broken.why);
    this.#requireReachable(device, waitMs);
    return this.#engine.change((unit) => {
      const ticket = new OperationTicket(this.#askedOf(device, { order, operation }, { waitMs, by, now: unit.now }));
      this.#queues.add(ticket, this.#wallNow());
      if (ticket.asked.changes) unit.audit(operationRequested(ticket.asked, operation, this.#models));
      unit.note(device.namespace, device.endpoint, 'operation', { id: ticket.asked.id, operation: operation.type, by: by.id });
      this.#sendNext(device.endpoint, unit);
      if (ticket.state === 'waiting') ticket.waits(this.#waitFor(ticket, device, unit.now));
      return ticket;
    });
  }

  find(endpoint: string, id: string): OperationTicket {
    const ticket = this.#queues.find(id, this.#wallNow());
    if (!ticket || ticket.asked.endpoint !== endpoint)
      throw new DroverError('OPERATION_NOT_FOUND', 'missing', `no operation on this device has the id ${JSON.stringify(id.slice(0, 40))}`);
    return ticket;
  }

  list(endpoint: string): OperationTicket[] {
    return this.#queues.of(endpoint as Endpoint);
  }

  /** Takes it back while it waits, ends it while it observes; what was sent may have been carried out all the same. */
  cancel(ticket: OperationTicket, why = 'it was ended'): Promise<void> {
    return this.#engine.change((unit) => {
      if (ticket.isSettled) return;
      const { id, endpoint } = ticket.asked;
      if (ticket.state !== 'waiting') unit.send({ type: 'end-operation', id, endpoint });
      if (ticket.state === 'observing') ticket.end(why);
      else this.#give(ticket, 'cancelled', unit);
      this.#queues.left(ticket);
      this.#sendNext(endpoint, unit);
    });
  }

  /** The device is awake. */
  onContact(endpoint: Endpoint): Promise<void> {
    this.#queues.heard(endpoint);
    if (!this.#queues.isWaiting(endpoint)) return Promise.resolve();
    return this.#engine.change((unit) => this.#sendNext(endpoint, unit));
  }

  onOperated({ id, endpoint, result }: Operated): Promise<void> {
    return this.#engine.change((unit) => {
      const ticket = this.#queues.peek(id);
      if (ticket?.state === 'sent') this.#operated(ticket, result, unit);
      this.#sendNext(endpoint, unit);
    });
  }

  onNotified({ id, endpoint, at, values, ended }: Notified): void {
    const ticket = this.#queues.peek(id);
    if (ticket?.state !== 'observing') return;
    this.#queues.heard(endpoint);
    if (values.length > 0) ticket.notify(at, values);
    if (ended !== undefined) ticket.end(ended);
  }

  /** What has waited too long is not sent any more; observations that nobody looks at end. */
  async tick(): Promise<void> {
    const wall = this.#wallNow();
    if (wall - this.#tickedAt < TICK_MS) return;
    this.#tickedAt = wall;
    this.#queues.forget(wall - KEPT_MS);
    const unwatched = this.#queues.unwatchedSince(wall - LEASE_MS);
    const expired = this.#queues.expiredBy(this.#engine.clock.now());
    for (const ticket of unwatched) await this.cancel(ticket, 'nobody asked for it any more');
    if (expired.length === 0) return;
    await this.#engine.change((unit) => {
      for (const ticket of expired) {
        this.#queues.left(ticket);
        this.#give(ticket, 'expired', unit);
      }
    });
  }

  #operated(ticket: OperationTicket, result: OperationResult, unit: UnitOfWork): void {
    const { asked } = ticket;
    const device = this.#engine.state.devices.get(asked.endpoint);
    this.#queues.left(ticket);
    const isUnsent = result.type === 'failed' && result.failure === 'DEVICE_UNREGISTERED';
    const isUnheard = result.type === 'no-answer' && device?.registration?.queueMode !== false;
    if (isUnsent || isUnheard) this.#queues.deafen(asked.endpoint);
    if (device && asked.until > unit.now && (isUnsent || (isUnheard && asked.isRepeatable))) {
      // It fell asleep before it heard us: what was meant to wait goes on waiting.
      this.#queues.again(ticket);
      return ticket.waits(this.#waitFor(ticket, device, unit.now));
    }
    if (result.type === 'no-answer') ticket.settle('failed', noAnswer(ticket));
    else ticket.settle(result.type === 'failed' ? 'failed' : result.observing ? 'observing' : 'done', result);
    if (asked.changes) unit.audit(operationFinished(asked, unit.now, result));
  }

  #give(ticket: OperationTicket, why: 'cancelled' | 'expired', unit: UnitOfWork): void {
    const { asked } = ticket;
    if (why === 'cancelled') ticket.cancel();
    else ticket.settle('failed', expired(ticket));
    if (asked.changes) unit.audit(operationFinished(asked, unit.now, why));
  }

  /** One at a time on a device: the next goes when the one before has its answer. */
  #sendNext(endpoint: Endpoint, unit: UnitOfWork): void {
    const device = this.#engine.state.devices.get(endpoint);
    if (!device || !this.#listens(device, unit.now)) return;
    const ticket = this.#queues.next(endpoint, unit.now);
    if (!ticket) return;
    const { id, order, until } = ticket.asked;
    ticket.sent();
    unit.send({ type: 'operate', id, endpoint, order, notAfter: until });
  }

  #listens({ endpoint, registration }: DeviceRecord, now: Instant): boolean {
    if (!registration || this.#queues.isDeaf(endpoint)) return false;
    return !registration.queueMode || now <= (this.#engine.state.awakeUntil.get(endpoint) ?? 0);
  }

  #waitFor({ wait, asked }: OperationTicket, device: DeviceRecord, now: Instant): OperationWait {
    return waitFor(device, { listens: this.#listens(device, now), since: wait?.since ?? asked.askedAt, now });
  }

  #requireReachable(device: DeviceRecord, waitMs: number): void {
    if (waitMs > MAX_WAIT_MS)
      throw new DroverError('WAIT_TOO_LONG', 'input', `a sleeper is waited for ${durationText(MAX_WAIT_MS)} at most`);
    if (waitMs > 0 || this.#listens(device, this.#engine.clock.now())) return;
    throw new DroverError('DEVICE_ASLEEP', 'transport', `${asleepText(device, this.#engine.clock.now())}; say how long to wait for it`);
  }

  #askedOf(
    { namespace, endpoint }: DeviceRecord,
    { order, operation }: { order: OperationOrder; operation: DeviceOperation },
    { waitMs, by, now }: { waitMs: number; by: Actor; now: Instant },
  ): OperationAsked {
    const id = Buffer.from(this.#entropy.bytes(6)).toString('hex');
    const until = plus(now, Math.max(waitMs, AT_ONCE_MS));
    return {
      id,
      namespace,
      endpoint,
      order,
      by,
      changes: changesDevice(operation),
      isRepeatable: isRepeatable(operation),
      askedAt: now,
      until,
    };
  }
}
