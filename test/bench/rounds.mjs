// What every bench shares: rounds that take turns, so that a slow moment of the machine hits both sides; medians; a clock.

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Runs each subject once per round, in turn; answers the median of each by its name. */
export async function takeTurns(subjects, { rounds, progress, title }) {
  const seen = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, measure] of Object.entries(subjects)) {
      progress(`${title}: round ${round} of ${rounds}, ${name}`);
      seen[name].push(await measure());
    }
  }
  const fields = (samples) => Object.keys(samples[0]).map((field) => [field, median(samples.map((sample) => sample[field]))]);
  return Object.fromEntries(Object.entries(seen).map(([name, samples]) => [name, Object.fromEntries(fields(samples))]));
}

/** One line of the result. `peer` is what the machine does without us, in the same run. */
export const result = (metric, unit, value, peer) => ({ metric, value: round(value), unit, peer: round(peer), ratio: round(value / peer) });

const round = (value) => (value >= 100 ? Math.round(value) : Math.round(value * 100) / 100);

/** A goal for the ratio, and whether it is met: a missed one is reported as it is. */
export const goal = (line, atLeast) => ({ ...line, goal: `ratio >= ${atLeast}`, met: line.ratio >= atLeast });
