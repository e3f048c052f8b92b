import { DroverError, type Endpoint } from '@drover/kernel';
import type { Learned, LookReport, TraceSeen } from '../link/looks.ts';
import type { Engine } from './engine.ts';

/** A gateway that lives answers in milliseconds. */
const PATIENCE_MS = 5000;
/** Questions that wait for their answer; people ask them. */
const MAX_WAITING = 1000;

/** Asks the gateway what only it knows. Nothing here changes anything. */
export class GatewayLooks {
  readonly #engine: Engine;
  readonly #waiting = new Map<number, (report: LookReport) => void>();
  #id = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async learned(endpoint: Endpoint): Promise<Learned | undefined> {
    return (await this.#ask('learned', endpoint)).learned;
  }

  async trace(endpoint: Endpoint): Promise<TraceSeen | undefined> {
    return (await this.#ask('trace', endpoint)).trace;
  }

  onLooked(report: LookReport): void {
    this.#waiting.get(report.id)?.(report);
    this.#waiting.delete(report.id);
  }

  #ask(what: 'learned' | 'trace', endpoint: Endpoint): Promise<LookReport> {
    if (this.#waiting.size >= MAX_WAITING)
      return Promise.reject(new DroverError('GATEWAY_BUSY', 'transport', 'too many questions wait for the gateway'));
    const id = ++this.#id;
    const answer = new Promise<LookReport>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new DroverError('GATEWAY_SILENT', 'transport', `the gateway did not answer within ${PATIENCE_MS} ms`));
      }, PATIENCE_MS);
      this.#waiting.set(id, (report) => {
        clearTimeout(timer);
        resolve(report);
      });
    });
    this.#engine.ask({ type: 'look', id, what, endpoint });
    return answer;
  }
}
