import { DroverError, durationText, isoOf, plus, type Endpoint, type Instant } from '@drover/kernel';
import type { DeviceRecord } from '@drover/persistence';
import type { TraceSeen } from '../link/looks.ts';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import type { GatewayLooks } from './gateway-looks.ts';

/** Devices that may be traced at once; the gateway has room for no more. */
export const MAX_TRACED = 64;
/** Longest trace, campaign ms. */
export const MAX_TRACE_MS = 86_400_000;

/** Who sees the datagrams of which device, and until when. Ends with the process; a trace is for looking, not for keeping. */
export class TraceDesk {
  readonly #engine: Engine;
  readonly #looks: GatewayLooks;
  readonly #until = new Map<Endpoint, Instant>();

  constructor(engine: Engine, looks: GatewayLooks) {
    this.#engine = engine;
    this.#looks = looks;
  }

  start({ namespace, endpoint }: DeviceRecord, { forMs, actor }: { forMs: number; actor: Actor }): Promise<Instant> {
    if (forMs > MAX_TRACE_MS)
      throw new DroverError('TRACE_TOO_LONG', 'input', `a device is traced for ${durationText(MAX_TRACE_MS)} at most`);
    return this.#engine.change((unit) => {
      this.#requireRoom(endpoint, unit.now);
      const until = plus(unit.now, forMs);
      this.#until.set(endpoint, until);
      unit.audit(draft('trace-started', unit.now, { namespace, endpoint, actor }, { until: isoOf(until) }));
      unit.send({ type: 'trace', endpoint, until });
      return until;
    });
  }

  stop({ namespace, endpoint }: DeviceRecord, actor: Actor): Promise<void> {
    return this.#engine.change((unit) => {
      if (!this.#until.delete(endpoint)) throw notTraced(endpoint);
      unit.audit(draft('trace-ended', unit.now, { namespace, endpoint, actor }, {}));
      unit.send({ type: 'trace', endpoint, until: undefined });
    });
  }

  /** Also for a while after its time: until it is switched off, or its place is needed. */
  async seen({ endpoint }: DeviceRecord): Promise<TraceSeen> {
    const trace = await this.#looks.trace(endpoint);
    if (!trace) throw notTraced(endpoint);
    return trace;
  }

  #requireRoom(endpoint: Endpoint, now: Instant): void {
    const running = [...this.#until].filter(([traced, until]) => traced !== endpoint && until > now);
    if (running.length < MAX_TRACED) return;
    const first = Math.min(...running.map(([, until]) => until));
    throw new DroverError('TRACE_LIMIT', 'conflict', `${running.length} devices are traced, the first until ${isoOf(first as Instant)}`);
  }
}

function notTraced(endpoint: Endpoint): DroverError {
  return new DroverError('TRACE_NOT_FOUND', 'missing', `${endpoint} is not traced: start with --trace 30m`);
}
