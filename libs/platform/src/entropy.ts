import { randomBytes } from 'node:crypto';
import { Entropy } from '@drover/kernel';

/** Chance from the operating system. */
export class SystemEntropy extends Entropy {
  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}
