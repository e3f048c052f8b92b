import type { Endpoint } from '@drover/kernel';
import type { ToGateway } from '../link/messages.ts';

/** Datagrams that a turn of the event loop takes from the socket: after so many, more may be waiting there. */
const DATAGRAMS_A_TURN = 32;
/** Commands begun in a turn: each asks a device something, and more answers than are read at a time get lost in the socket. */
const COMMANDS_A_TURN = 32;
/** While the socket has more than a turn can take, one transfer begins for as many datagrams as a small image takes. */
const DATAGRAMS_AN_OFFER = 100;

type Offer = Extract<ToGateway, { type: 'offer' }>;

interface Numbered<Command> {
  readonly at: number;
  readonly command: Command;
}

export interface IntakeParts {
  readonly handle: (command: ToGateway) => void;
  /** Datagrams received so far. */
  readonly received: () => number;
}

/**
 * The engine may send a whole fleet's commands at once. They are begun a few in each turn of the event loop, between the
 * devices' datagrams, and transfers only as fast as those under way let go: a gateway that begins more than it can serve
 * serves nobody, because every answer comes too late.
 */
export class Intake {
  readonly #parts: IntakeParts;
  /** In order. */
  #commands: Numbered<ToGateway>[] = [];
  /** New transfers; whatever is said of the device later comes after its offer. */
  readonly #offers = new Map<Endpoint, Numbered<Offer>>();
  #pushed = 0;
  #received: number;
  #earned = 0;
  #isRunning = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#received = parts.received();
  }

  push(command: ToGateway): void {
    const at = this.#pushed++;
    if (command.type === 'offer' && command.order.phase === 'transfer') this.#wait({ at, command });
    else this.#commands.push({ at, command });
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => this.#turn());
  }

  /** For good: what waits is begun by nobody. */
  stop(): void {
    this.#commands = [];
    this.#offers.clear();
  }

  /** A later offer to the same device goes behind whatever was said before it. */
  #wait(offer: Numbered<Offer>): void {
    const { endpoint } = offer.command.order;
    this.#offers.delete(endpoint);
    this.#offers.set(endpoint, offer);
  }

  #turn(): void {
    this.#takeCommands();
    this.#takeOffers(this.#share());
    this.#isRunning = this.#commands.length > 0 || this.#offers.size > 0;
    if (this.#isRunning) setImmediate(() => this.#turn());
  }

  #takeCommands(): void {
    for (const next of this.#commands.splice(0, COMMANDS_A_TURN)) {
      this.#settleOffer(next);
      this.#parts.handle(next.command);
    }
  }

  /** What is said of a device comes after its offer. Only a hold need not: whoever begins under one begins held. */
  #settleOffer({ at, command }: Numbered<ToGateway>): void {
    if (command.type === 'suspend' || command.type === 'resume') return;
    const endpoint = command.type === 'offer' ? command.order.endpoint : 'endpoint' in command ? command.endpoint : undefined;
    const offer = endpoint === undefined ? undefined : this.#offers.get(endpoint);
    // An attempt that is dropped may be offered again at once: only what came before is meant.
    if (endpoint === undefined || offer === undefined || offer.at > at) return;
    const isGone = command.type === 'drop' && offer.command.order.attempt === command.attempt;
    if (isGone) this.#offers.delete(endpoint);
    else this.#begin(endpoint);
  }

  /** How many transfers may begin in this turn. */
  #share(): number {
    const received = this.#parts.received() - this.#received;
    this.#received += received;
    if (received < DATAGRAMS_A_TURN) {
      this.#earned = 0;
      return COMMANDS_A_TURN;
    }
    this.#earned += received / DATAGRAMS_AN_OFFER;
    const whole = Math.floor(this.#earned);
    this.#earned -= whole;
    return whole;
  }

  /** Never before a command that was sent earlier: it may be the end of the attempt before, or the class of the device. */
  #takeOffers(most: number): void {
    const before = this.#commands[0]?.at ?? this.#pushed;
    let left = most;
    for (const [endpoint, { at }] of this.#offers) {
      if (left-- <= 0 || at > before) return;
      this.#begin(endpoint);
    }
  }

  #begin(endpoint: Endpoint): void {
    const offer = this.#offers.get(endpoint);
    if (!offer) return;
    this.#offers.delete(endpoint);
    this.#parts.handle(offer.command);
  }
}
