import type { Engine } from './engine.ts';

/** A gateway that is busy or starting: whoever waits for it is answered all the same. */
const PATIENCE_MS = 2000;

/** Until the gateway has heard what was told to it: whoever imports a key may use it when that is answered. */
export class GatewayHears {
  readonly #engine: Pick<Engine, 'tell'>;
  readonly #waiting = new Map<number, () => void>();
  #asked = 0;

  constructor(engine: Pick<Engine, 'tell'>) {
    this.#engine = engine;
  }

  /** All credentials that were told of before this; the link keeps the order. */
  credentials(): Promise<void> {
    const number = (this.#asked += 1);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.heard(number), PATIENCE_MS);
      this.#waiting.set(number, () => {
        clearTimeout(timer);
        resolve();
      });
      this.#engine.tell({ type: 'credentials-asked', number });
    });
  }

  heard(number: number): void {
    this.#waiting.get(number)?.();
    this.#waiting.delete(number);
  }
}
