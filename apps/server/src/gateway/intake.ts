import type { Endpoint } from '@drover/kernel';
import type { ToGateway } from '../link/messages.ts';

/** Datagrams that a turn of the event loop takes from the socket: after so many, more may be waiting there. */
const DATAGRAMS_A_TURN = 32;
/** Commands begun in a turn: each asks a device something, and more answers than are read at a time get lost in the socket. */
const COMMANDS_A_TURN = 32;
/** While the socket has more than a turn can take, one transfer begins for as many datagrams as a small image takes. */
const DATAGRAMS_AN_OFFER = 100;

type Offer = Extract<ToGateway, { type: 'offer' }>;

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
  #commands: ToGateway[] = [];
  #taken = 0;
  /** New transfers; whatever else is said of the device comes after its offer. */
  readonly #offers = new Map<Endpoint, Offer>();
  #received: number;
  #earned = 0;
  #isRunning = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#received = parts.received();
  }

  push(command: ToGateway): void {
    if (command.type === 'offer' && command.order.phase === 'transfer') this.#offers.set(command.order.endpoint, command);
    else this.#commands.push(command);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#takeCommands();
    this.#takeOffers(this.#share());
    this.#isRunning = this.#taken < this.#commands.length || this.#offers.size > 0;
    if (this.#isRunning) setImmediate(() => this.#turn());
  }

  #takeCommands(): void {
    const end = Math.min(this.#commands.length, this.#taken + COMMANDS_A_TURN);
    while (this.#taken < end) {
      const command = this.#commands[this.#taken++] as ToGateway;
      this.#settleOffer(command);
      this.#parts.handle(command);
    }
    if (this.#taken < this.#commands.length) return;
    this.#commands = [];
    this.#taken = 0;
  }

  /** What is said of a device comes after its offer. Only a hold need not: whoever begins under one begins held. */
  #settleOffer(command: ToGateway): void {
    if (command.type === 'suspend' || command.type === 'resume') return;
    if (command.type === 'offer') return this.#begin(command.order.endpoint);
    if (!('endpoint' in command)) return;
    const isGone = command.type === 'drop' && this.#offers.get(command.endpoint)?.order.attempt === command.attempt;
    if (isGone) this.#offers.delete(command.endpoint);
    else this.#begin(command.endpoint);
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

  #takeOffers(most: number): void {
    let left = most;
    for (const endpoint of this.#offers.keys()) {
      if (left-- <= 0) return;
      this.#begin(endpoint);
    }
  }

  #begin(endpoint: Endpoint): void {
    const offer = this.#offers.get(endpoint);
    if (!offer) return;
    this.#offers.delete(endpoint);
    this.#parts.handle(offer);
  }
}
