/** How long the engine's thread works on something large before it lets others in, ms. */
const SLICE_MS = 5;

export interface Stop {
  readonly isStopped: boolean;
}

/**
 * Runs a computation that yields between small steps on this thread, and lets whatever waits in after a few milliseconds.
 * Undefined where it was stopped meanwhile.
 */
export async function inSlices<T>(steps: Generator<unknown, T>, stop: Stop = { isStopped: false }): Promise<T | undefined> {
  while (!stop.isStopped) {
    const until = performance.now() + SLICE_MS;
    do {
      const { done, value } = steps.next();
      if (done) return value;
    } while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}
