import type { Endpoint } from '@drover/kernel';
import type { FormatMemory } from '@drover/lwm2m';
import type { Learned, LookCommand, LookReport } from '../link/looks.ts';
import type { LearnedBlocks } from './learned-blocks.ts';
import type { TraceDesk } from './trace/trace-desk.ts';

export interface LookDeskParts {
  readonly memory: Pick<FormatMemory, 'known'>;
  readonly blocks: LearnedBlocks;
  readonly trace: TraceDesk;
  /** Undefined while it is not registered. */
  readonly timeoutOf: (endpoint: Endpoint) => number | undefined;
  readonly tell: (report: LookReport) => void;
}

/** Shows people what only the gateway knows of a device, and switches its trace. */
export class LookDesk {
  readonly #parts: LookDeskParts;

  constructor(parts: LookDeskParts) {
    this.#parts = parts;
  }

  handle(command: LookCommand): void {
    const { trace, tell } = this.#parts;
    const { endpoint } = command;
    if (command.type === 'trace') {
      if (command.until === undefined) trace.stop(endpoint);
      else trace.start(endpoint, command.until);
    } else if (command.what === 'learned') tell({ type: 'looked', id: command.id, learned: this.#learned(endpoint) });
    else tell({ type: 'looked', id: command.id, trace: trace.seen(endpoint) });
  }

  #learned(endpoint: Endpoint): Learned {
    const { memory, blocks, timeoutOf } = this.#parts;
    const { formats, composite } = memory.known(endpoint);
    return { formats: Object.fromEntries(formats), composite, blockSize: blocks.of(endpoint), timeoutMs: timeoutOf(endpoint) };
  }
}
