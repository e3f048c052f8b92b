/** A long computation that can be interrupted: each `yield` is a place where somebody else may have a turn. */
export type Steps<T> = Generator<void, T>;

/** All at once, for those who have the time. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Elements sorted between two yields. */
const RUN = 4096;

/** A sorted copy; stable. */
export function* sortSteps<T>(items: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  let source = [...items];
  for (let from = 0; from < source.length; from += RUN) {
    const run = source.slice(from, from + RUN).sort(compare);
    for (let place = 0; place < run.length; place++) source[from + place] = run[place]!;
    yield;
  }
  let target = new Array<T>(source.length);
  for (let width = RUN; width < source.length; width *= 2) {
    for (let from = 0; from < source.length; from += 2 * width) yield* merge(source, target, { from, width, compare });
    [source, target] = [target, source];
  }
  return source;
}

function* merge<T>(
  source: readonly T[],
  target: T[],
  { from, width, compare }: { from: number; width: number; compare: (a: T, b: T) => number },
): Steps<void> {
  const middle = Math.min(from + width, source.length);
  const end = Math.min(from + 2 * width, source.length);
  for (let left = from, right = middle, to = from; to < end; to++) {
    if (left < middle && (right >= end || compare(source[left]!, source[right]!) <= 0)) target[to] = source[left++]!;
    else target[to] = source[right++]!;
    if ((to - from) % RUN === RUN - 1) yield;
  }
}
