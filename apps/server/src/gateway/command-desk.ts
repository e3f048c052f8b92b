import type { Endpoint } from '@drover/kernel';
import type { CampaignClock, Logger } from '@drover/platform';
import type { AttemptKey, FromGateway, OfferOrder, PullToken, ToGateway, UpdateFact } from '../link/messages.ts';
import { Conversation } from './conversation.ts';
import type { ConversationParts } from './conversation-parts.ts';
import { PapersShelf } from './papers-shelf.ts';
import type { DoorOutcome, ServeDoor } from './serve-door.ts';

/** Of one update, and what bears on all of them. */
export type UpdateCommand = Extract<
  ToGateway,
  { type: 'offer' | 'execute' | 'cancel' | 'suspend' | 'resume' | 'drop' | 'forget' | 'withdrawn' | 'close' }
>;

interface Parts {
  readonly clock: CampaignClock;
  readonly log: Logger;
  readonly door: ServeDoor;
  readonly tell: (message: FromGateway) => void;
  readonly tokenGone: (token: string) => void;
  readonly conversationParts: (endpoint: Endpoint, attempt: AttemptKey) => ConversationParts;
}

/**
 * Carries out the engine's commands. Each is checked at the moment of sending: an older epoch than the newest seen, or a
 * time past `notAfter`, is refused and told, so that a queued Execute can never fire outside its window.
 */
export class CommandDesk {
  readonly #parts: Parts;
  readonly #conversations = new Map<Endpoint, Conversation>();
  readonly #owners = new Map<string, Endpoint>();
  /** The other way round: settling an update must not look through a million tokens. Mostly one; a list where there are more. */
  readonly #tokens = new Map<Endpoint, string | readonly string[]>();
  readonly #suspended = new Set<AttemptKey>();
  readonly #papers = new PapersShelf();
  #epoch = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  conversationOf(endpoint: Endpoint): Conversation | undefined {
    return this.#conversations.get(endpoint);
  }

  conversationByToken(token: string): Conversation | undefined {
    const owner = this.#owners.get(token);
    const conversation = owner === undefined ? undefined : this.#conversations.get(owner);
    return conversation?.order.pullToken === token ? conversation : undefined;
  }

  /** The device a token was made for; known from its first offer until the update is settled. */
  ownerOf(token: string): Endpoint | undefined {
    return this.#owners.get(token);
  }

  restoreTokens(tokens: readonly PullToken[]): void {
    for (const { token, endpoint } of tokens) this.#own(token, endpoint);
  }

  #own(token: string, endpoint: Endpoint): void {
    this.#owners.set(token, endpoint);
    const known = this.#tokensOf(endpoint);
    if (!known.includes(token)) this.#tokens.set(endpoint, known.length === 0 ? token : [...known, token]);
  }

  #tokensOf(endpoint: Endpoint): readonly string[] {
    const known = this.#tokens.get(endpoint) ?? [];
    return typeof known === 'string' ? [known] : known;
  }

  handle(command: UpdateCommand): void {
    switch (command.type) {
      case 'offer':
        return void this.#offer({ ...command.order, papers: this.#papers.share(command.order.papers) });
      case 'forget':
        return this.#forget(command.endpoint);
      case 'withdrawn':
        this.#parts.door.setWithdrawn(command.digests);
        return this.#recheck();
      case 'close':
        return this.close();
      default:
        if (this.#isStale(command)) return;
        return this.#tellConversation(command);
    }
  }

  close(): void {
    for (const conversation of this.#conversations.values()) conversation.end();
    this.#conversations.clear();
  }

  #tellConversation(command: Extract<UpdateCommand, { attempt: AttemptKey }>): void {
    if (command.type === 'suspend') this.#suspended.add(command.attempt);
    if (command.type === 'resume' || command.type === 'drop') this.#suspended.delete(command.attempt);
    const conversation = this.#conversations.get(command.endpoint);
    if (conversation?.order.attempt !== command.attempt) return;
    switch (command.type) {
      case 'drop':
        return this.#end(command.endpoint);
      case 'execute':
        return conversation.allowExecute(command.notAfter);
      case 'cancel':
      case 'suspend':
      case 'resume':
        return conversation.input({ type: command.type });
    }
  }

  /** An update that is past its transfer needs the image no more: nothing of it will be served. */
  async #offer(order: OfferOrder): Promise<void> {
    if (this.#isStale({ ...order, type: 'offer' })) return;
    // Its question is under way, and repeated: to begin anew would only take that from it.
    if (this.#conversations.get(order.endpoint)?.isLookingFor(order) === true) return;
    this.#own(order.pullToken, order.endpoint);
    const door = order.phase === 'transfer' ? await this.#parts.door.open(order) : undefined;
    if (this.#isStale({ ...order, type: 'offer' })) return;
    if (door !== undefined && door.type !== 'open') return this.#turnAway(order, door);
    this.#end(order.endpoint);
    const conversation = new Conversation(order, door?.image, this.#parts.conversationParts(order.endpoint, order.attempt));
    this.#conversations.set(order.endpoint, conversation);
    if (this.#suspended.has(order.attempt)) conversation.input({ type: 'suspend' });
  }

  /** A door that is shut is a verdict; one that is out of order is a transfer that did not come about, and is tried again. */
  #turnAway({ endpoint, attempt, offset }: OfferOrder, { type, code, why }: Exclude<DoorOutcome, { type: 'open' }>): void {
    const { clock, tell, log } = this.#parts;
    const refused = { type: 'refused', class: 'Refused', why: `${code}: ${why}` } as const;
    const fact: UpdateFact = type === 'shut' ? refused : { type: 'session-lost', offset };
    if (type === 'out-of-order') log.error({ endpoint, code, why }, 'an image cannot be read');
    tell({ type: 'update', endpoint, attempt, at: clock.now(), fact });
  }

  /** A trust fact has changed: every transfer goes through the door again. One that is being cancelled goes on with that. */
  #recheck(): void {
    for (const [endpoint, conversation] of this.#conversations) {
      if (!conversation.isTransferring) continue;
      void this.#parts.door.open(conversation.order).then((door) => {
        const isStill = this.#conversations.get(endpoint) === conversation && conversation.isTransferring;
        if (door.type !== 'open' && isStill) conversation.input({ type: 'suspend' });
      });
    }
  }

  #isStale(command: { type: string; endpoint: Endpoint; attempt: AttemptKey; epoch: number; notAfter?: OfferOrder['notAfter'] }): boolean {
    this.#epoch = Math.max(this.#epoch, command.epoch);
    const late = command.notAfter !== undefined && this.#parts.clock.now() > command.notAfter;
    const old = command.epoch < this.#epoch;
    if (!late && !old) return false;
    const why = old ? `epoch ${command.epoch} is over` : 'its window has closed';
    this.#parts.tell({
      type: 'refused-command',
      endpoint: command.endpoint,
      attempt: command.attempt,
      at: this.#parts.clock.now(),
      command: command.type,
      why,
    });
    return true;
  }

  #forget(endpoint: Endpoint): void {
    for (const token of this.#tokensOf(endpoint)) {
      this.#owners.delete(token);
      this.#parts.tokenGone(token);
    }
    this.#tokens.delete(endpoint);
  }

  #end(endpoint: Endpoint): void {
    this.#conversations.get(endpoint)?.end();
    this.#conversations.delete(endpoint);
  }
}
