/** How long a computation goes on before whoever waits has a turn, ms. */
const SLICE_MS = 5;

export interface Stop {
  readonly isStopped: boolean;
}

/** Carries out a long computation beside everything else. Undefined where it was stopped meanwhile. */
export async function inSlices<T>(steps: Generator<unknown, T>): Promise<T>;
export async function inSlices<T>(steps: Generator<unknown, T>, stop: Stop): Promise<T | undefined>;
export async function inSlices<T>(steps: Generator<unknown, T>, stop: Stop = { isStopped: false }): Promise<T | undefined> {
  while (!stop.isStopped) {
    const until = performance.now() + SLICE_MS;
    do {
      const { done, value } = steps.next();
      if (done === true) return value;
    } while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}
