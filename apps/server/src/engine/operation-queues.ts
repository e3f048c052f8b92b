import { DroverError, type Endpoint, type Instant } from '@drover/kernel';
import type { OperationTicket } from './operation-ticket.ts';

/** Operations that wait for one device. */
const MAX_WAITING = 16;
/** All that are known, ended ones included. */
const MAX_TICKETS = 10_000;
/** Of these, open ones of one person: nobody shuts the others out. */
const MAX_OPEN_OF_ONE = 1000;

interface Queue {
  active: OperationTicket | undefined;
  readonly waiting: OperationTicket[];
  /** It has not answered: only its next contact opens the queue again. */
  deaf: boolean;
}

/** Which operation is on which device, and what waits behind it; all of it bounded. */
export class OperationQueues {
  readonly #tickets = new Map<string, { readonly ticket: OperationTicket; seenAt: number }>();
  readonly #queues = new Map<Endpoint, Queue>();

  add(ticket: OperationTicket, wall: number): void {
    const { id, endpoint } = ticket.asked;
    const queue = this.#queues.get(endpoint);
    if ((queue?.waiting.length ?? 0) >= MAX_WAITING)
      throw new DroverError('OPERATION_QUEUE_FULL', 'conflict', `${MAX_WAITING} operations wait for this device already`);
    if (this.#tickets.size >= MAX_TICKETS)
      throw new DroverError('TOO_MANY_OPERATIONS', 'conflict', `${MAX_TICKETS} operations are under way`);
    const open = [...this.#tickets.values()].filter(
      (other) => !other.ticket.isSettled && other.ticket.asked.by.authn === ticket.asked.by.authn,
    );
    if (open.length >= MAX_OPEN_OF_ONE)
      throw new DroverError('TOO_MANY_OPERATIONS', 'conflict', `${open.length} of your operations are open`);
    this.#tickets.set(id, { ticket, seenAt: wall });
    this.#queueOf(endpoint).waiting.push(ticket);
  }

  peek(id: string): OperationTicket | undefined {
    return this.#tickets.get(id)?.ticket;
  }

  /** Whoever asks for it is interested in it. */
  find(id: string, wall: number): OperationTicket | undefined {
    const entry = this.#tickets.get(id);
    if (entry) entry.seenAt = wall;
    return entry?.ticket;
  }

  of(endpoint: Endpoint): OperationTicket[] {
    return [...this.#tickets.values()].flatMap(({ ticket }) => (ticket.asked.endpoint === endpoint ? [ticket] : []));
  }

  isWaiting(endpoint: Endpoint): boolean {
    return (this.#queues.get(endpoint)?.waiting.length ?? 0) > 0;
  }

  isDeaf(endpoint: Endpoint): boolean {
    return this.#queues.get(endpoint)?.deaf ?? false;
  }

  heard(endpoint: Endpoint): void {
    const queue = this.#queues.get(endpoint);
    if (!queue) return;
    queue.deaf = false;
    if (!queue.active && queue.waiting.length === 0) this.#queues.delete(endpoint);
  }

  /** It does not hear us: only its next contact opens the queue. */
  deafen(endpoint: Endpoint): void {
    this.#queueOf(endpoint).deaf = true;
  }

  /** The next to be sent, if none is under way. */
  next(endpoint: Endpoint, now: Instant): OperationTicket | undefined {
    const queue = this.#queues.get(endpoint);
    if (!queue || queue.active) return undefined;
    const index = queue.waiting.findIndex(({ asked }) => asked.until >= now);
    queue.active = queue.waiting.splice(index, index < 0 ? 0 : 1)[0];
    return queue.active;
  }

  /** It is not under way any more, and does not wait. */
  left(ticket: OperationTicket): void {
    const { endpoint } = ticket.asked;
    const queue = this.#queues.get(endpoint);
    if (!queue) return;
    if (queue.active === ticket) queue.active = undefined;
    const index = queue.waiting.indexOf(ticket);
    if (index >= 0) queue.waiting.splice(index, 1);
    if (!queue.active && queue.waiting.length === 0 && !queue.deaf) this.#queues.delete(endpoint);
  }

  /** It was not heard: it goes to the front. */
  again(ticket: OperationTicket): void {
    this.#queueOf(ticket.asked.endpoint).waiting.unshift(ticket);
  }

  expiredBy(now: Instant): OperationTicket[] {
    return [...this.#queues.values()].flatMap(({ waiting }) => waiting.filter(({ asked }) => asked.until < now));
  }

  /** Observations whose request has gone away. */
  unwatchedSince(wall: number): OperationTicket[] {
    return [...this.#tickets.values()].flatMap(({ ticket, seenAt }) =>
      ticket.state === 'observing' && !ticket.isWatched && seenAt < wall ? [ticket] : [],
    );
  }

  /** What has ended, and was fetched or not. */
  forget(before: number): void {
    for (const [id, { ticket, seenAt }] of this.#tickets) if (ticket.isSettled && seenAt < before) this.#tickets.delete(id);
  }

  #queueOf(endpoint: Endpoint): Queue {
    const known = this.#queues.get(endpoint);
    if (known) return known;
    const queue: Queue = { active: undefined, waiting: [], deaf: false };
    this.#queues.set(endpoint, queue);
    return queue;
  }
}
