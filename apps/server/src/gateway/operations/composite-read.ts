import type { TypedValue } from '@drover/lwm2m';
import type { Registered } from '../registry.ts';
import { Performance, type PerformanceListener, type PerformanceParts, type Performed } from './performance.ts';

/** Answers by which a device says that it knows no composite requests, or not this one. */
const NOT_COMPOSITE: readonly string[] = ['4.00', '4.02', '4.04', '4.05', '4.06', '4.15', '5.00', '5.01'];

/**
 * Several paths in one request where the device can, one after another where it cannot. Some stacks acknowledge a FETCH
 * and then never answer it: a device that answers a plain read right after that silence is not asked that way again.
 */
export class CompositeRead {
  readonly #parts: PerformanceParts;
  readonly #device: Registered;
  readonly #paths: readonly string[];
  readonly #ended: (performed: Performed) => void;
  readonly #values: TypedValue[] = [];
  #current: Performance | undefined;
  /** The composite request was not answered well, and nobody knows yet whether the device is awake. */
  #doubt = false;
  #failure: Performed | undefined;

  constructor(parts: PerformanceParts, device: Registered, paths: readonly string[], { ended }: Pick<PerformanceListener, 'ended'>) {
    this.#parts = parts;
    this.#device = device;
    this.#paths = paths;
    this.#ended = ended;
  }

  start(): void {
    const { memory, classOf } = this.#parts;
    const { endpoint, lwm2mVersion } = this.#device;
    const knows = classOf(endpoint).composite ?? memory.knowsComposite(endpoint);
    if (lwm2mVersion === '1.0' || knows === false) return this.#next(this.#paths);
    this.#perform({ type: 'read-composite', paths: this.#paths }, (performed) => this.#answered(performed));
  }

  cancel(): void {
    this.#current?.cancel();
  }

  #perform(operation: ConstructorParameters<typeof Performance>[2], ended: (performed: Performed) => void): void {
    this.#current = new Performance(this.#parts, this.#device, operation, { ended });
    this.#current.start();
  }

  #answered(performed: Performed): void {
    if (performed.type === 'done') this.#parts.memory.noteComposite(this.#device.endpoint, true);
    const isNo = performed.type === 'failed' && NOT_COMPOSITE.includes(performed.code);
    if (!isNo && performed.type !== 'no-answer') return this.#ended(performed);
    this.#doubt = true;
    this.#next(this.#paths);
  }

  /** What is missing is left out, as a composite answer would; silence ends it. */
  #next([path, ...rest]: readonly string[]): void {
    if (path === undefined) return this.#finish();
    this.#perform({ type: 'read', path }, (performed) => {
      if (performed.type === 'no-answer' || performed.type === 'refused') return this.#ended(performed);
      if (this.#doubt) this.#parts.memory.noteComposite(this.#device.endpoint, false);
      this.#doubt = false;
      if (performed.type === 'done') this.#values.push(...performed.values);
      else this.#failure ??= performed;
      this.#next(rest);
    });
  }

  #finish(): void {
    const nothing = this.#values.length === 0 ? this.#failure : undefined;
    this.#ended(nothing ?? { type: 'done', code: '2.05', values: this.#values });
  }
}
