import type { NetworkHint } from '@drover/schedule';

/** Where an operator says what its network has to spare. A port: a feed of ours, a network's own interface, a file. */
export abstract class HintSource {
  /** For people, and to tell sources apart. */
  abstract readonly name: string;
  /** All that stands at the moment. Throws where it cannot be had; what was said before then goes on until it ends by itself. */
  abstract read(): Promise<readonly NetworkHint[]>;
}
