import type { Duration } from '@drover/kernel';
import { FAILURE_CLASSES } from './failure-class.ts';
import { duration, integer, limit, name, oneOf, percent, text, where, type Limit } from './leaves.ts';
import { list, mapping, optional, required, withDefault, type Read, type Schema } from './schema.ts';

const devices = integer({ min: 1, max: 1_000_000 });

const failureClassOrAny = oneOf([...FAILURE_CLASSES, 'Any']);

const gate = mapping(
  {
    success: optional(mapping({ min: required(percent), minSample: optional(integer({ min: 1 })) })),
    failure: optional(
      list(
        mapping({
          max: required(limit),
          minSample: optional(integer({ min: 1 })),
          classes: withDefault(list(failureClassOrAny, { min: 1 }), ['Any']),
          action: withDefault(oneOf(['Hold', 'Abort'], ['SlowDown']), 'Hold'),
        }),
      ),
    ),
    promote: withDefault(oneOf(['Automatic', 'Manual']), 'Automatic'),
  },
  ['denominator', 'stragglers', 'analysis', 'approval'],
);

const takeMapping = mapping(
  {
    count: optional(integer({ min: 1 })),
    percent: optional(percent),
    where: optional(where),
    endpoints: optional(list(text({ max: 255 }))),
    seed: withDefault(integer(), 0),
  },
  ['endpointsFrom', 'stratify', 'minPerStratum'],
);

/** How many of the devices that no earlier stage took: a count, or a share of the remaining ones. */
export interface Take {
  readonly limit: Limit;
  readonly where?: Read<typeof where>;
  readonly endpoints?: readonly string[];
  readonly seed: number;
}

const take: Schema<Take> = {
  json: { anyOf: [...(limit.json.anyOf as object[]), takeMapping.json] },
  read: (value, path, faults) => {
    if (typeof value !== 'object' || value === null) {
      const amount = limit.read(value, path, faults);
      return amount && { limit: amount, seed: 0 };
    }
    const read = takeMapping.read(value, path, faults);
    if (!read) return undefined;
    if (read.count !== undefined && read.percent !== undefined) {
      faults.push({ code: 'VALUE_INVALID', path, message: 'take either a count or a percent, not both' });
      return undefined;
    }
    const amount: Limit =
      read.count === undefined ? { kind: 'percent', fraction: read.percent ?? 1 } : { kind: 'count', count: read.count };
    return { limit: amount, where: read.where, endpoints: read.endpoints, seed: read.seed };
  },
};

/** One step of a rollout: who, under which gate, and how long it is watched. */
export const stage = mapping(
  {
    name: required(name),
    take: required(take),
    soak: withDefault(duration, 0 as Duration),
    gate: optional(gate),
    maxInFlight: optional(devices),
  },
  ['rate'],
);

export type StageSpec = Read<typeof stage>;
export type GateSpec = NonNullable<StageSpec['gate']>;
