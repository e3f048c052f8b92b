import { hash32, sortSteps, type Endpoint, type Steps } from '@drover/kernel';
import { evaluate, type Device } from '@drover/fleet';
import type { PlannedStage } from './planned.ts';
import type { StageSpec, Take } from './spec-stages.ts';

/** Devices looked at between two places where the work can be interrupted. */
const AT_ONCE = 1000;

interface Shelf {
  readonly spec: StageSpec;
  /** Who may be taken, of a stage that does not take everybody. */
  readonly fits: Set<Endpoint> | undefined;
}

/** Who goes into which stage. Takes devices one after the other and keeps no more of them than the name. */
export class Allotment {
  readonly #shelves: readonly Shelf[];
  readonly #candidates: Endpoint[] = [];

  constructor(stages: readonly StageSpec[]) {
    this.#shelves = stages.map((spec) => ({ spec, fits: spec.take.endpoints || spec.take.where ? new Set() : undefined }));
  }

  add(device: Device): void {
    this.#candidates.push(device.endpoint);
    for (const { spec, fits } of this.#shelves) if (fits && isEligible(spec.take, device)) fits.add(device.endpoint);
  }

  /** Each stage takes from what the ones before it have left. */
  *stages(): Steps<{ readonly stages: PlannedStage[]; readonly left: readonly Endpoint[] }> {
    const stages: PlannedStage[] = [];
    let left: readonly Endpoint[] = this.#candidates;
    for (const { spec, fits } of this.#shelves) {
      const chosen = yield* chooseForStage(spec.take, fits ? left.filter((endpoint) => fits.has(endpoint)) : left);
      if (chosen === left) left = [];
      else {
        const taken = new Set(chosen);
        yield;
        left = left.filter((endpoint) => !taken.has(endpoint));
      }
      yield;
      stages.push({ name: spec.name, endpoints: yield* sortSteps(chosen, byText) });
    }
    return { stages, left };
  }
}

/** A stable sample: the order is a hash of seed and endpoint, so it does not depend on how the fleet is listed. */
function* chooseForStage({ limit, seed }: Take, eligible: readonly Endpoint[]): Steps<readonly Endpoint[]> {
  const count = limit.kind === 'count' ? limit.count : Math.ceil(limit.fraction * eligible.length - 1e-9);
  if (count >= eligible.length) return eligible;
  const ranks = new Uint32Array(eligible.length);
  const sizes = new Uint32Array(BUCKETS);
  for (const [place, endpoint] of eligible.entries()) {
    if (place % AT_ONCE === 0) yield;
    const rank = hash32(`${seed}/${endpoint}`);
    ranks[place] = rank;
    sizes[rank >>> BUCKET_BITS]! += 1;
  }
  return yield* firstByRank(eligible, { ranks, sizes, count });
}

/** Ranks are spread evenly: most of the first ones are known by their bucket, and only the bucket in which the last one lies is sorted. */
const BUCKET_BITS = 16;
const BUCKETS = 1 << (32 - BUCKET_BITS);

function* firstByRank(
  eligible: readonly Endpoint[],
  { ranks, sizes, count }: { ranks: Uint32Array; sizes: Uint32Array; count: number },
): Steps<Endpoint[]> {
  let [last, before] = [0, 0];
  while (before + sizes[last]! < count) before += sizes[last++]!;
  const chosen: Endpoint[] = [];
  const lastBucket: { endpoint: Endpoint; rank: number }[] = [];
  for (const [place, rank] of ranks.entries()) {
    if (place % AT_ONCE === 0) yield;
    const bucket = rank >>> BUCKET_BITS;
    if (bucket < last) chosen.push(eligible[place]!);
    else if (bucket === last) lastBucket.push({ endpoint: eligible[place]!, rank });
  }
  lastBucket.sort((a, b) => a.rank - b.rank || byText(a.endpoint, b.endpoint));
  for (const { endpoint } of lastBucket.slice(0, count - before)) chosen.push(endpoint);
  return chosen;
}

function isEligible({ endpoints, where }: Take, device: Device): boolean {
  return (!endpoints || endpoints.includes(device.endpoint)) && (!where || evaluate(where.predicate, device) === true);
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
