import type { Steps } from '@drover/kernel';

/** How long a computation goes on before whoever waits has a turn, ms. */
const SLICE_MS = 8;

/** Carries out a long computation beside everything else. */
export async function inSlices<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      const { done, value } = steps.next();
      if (done === true) return value;
    } while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
