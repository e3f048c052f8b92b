import { DAY, HOUR, type Duration } from '@drover/kernel';
import { FAILURE_CLASSES, type FailureClass } from './failure-class.ts';
import {
  bytes,
  decimal,
  duration,
  flag,
  instant,
  integer,
  leafDigest,
  limit,
  name,
  oneOf,
  percent,
  quantity,
  text,
  timeZone,
  versionRange,
  where,
  type Limit,
} from './leaves.ts';
import { versionHintPath } from './resource-path.ts';
import { list, mapping, optional, record, required, withDefault, type Read, type Schema } from './schema.ts';
import { activation, delivery } from './spec-delivery.ts';
import { recurringWindow, type RecurringWindow } from './window.ts';

const firmware = mapping(
  {
    name: required(name),
    version: required(text({ max: 60 })),
    digest: optional(leafDigest),
    from: optional(
      mapping({
        versions: required(list(versionRange, { min: 1, max: 100 })),
        onOther: withDefault(oneOf(['Skip', 'Block'], ['Chain']), 'Skip'),
      }),
    ),
  },
  ['delta'],
);

const selector = mapping({
  matchLabels: optional(record(text({ max: 255 }))),
  matchExpressions: optional(
    list(
      mapping({
        key: required(text({ max: 255 })),
        operator: required(oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist'])),
        values: optional(list(text({ max: 255 }))),
      }),
    ),
  ),
});

const exclusion = mapping({ where: optional(where), endpoints: optional(list(text({ max: 255 }))), reason: required(text({ max: 500 })) }, [
  'endpointsFrom',
]);

const targets = mapping(
  {
    where: optional(where),
    selector: optional(selector),
    /** Devices that this other campaign offered something to, at least once: the scope of a rollback. */
    attemptedBy: optional(name),
    exclude: withDefault(list(exclusion), []),
  },
  ['membership', 'continuousUntil', 'maxDevices', 'expectedCount'],
);

const windows = mapping({
  download: optional(list(recurringWindow, { min: 1, max: 50 })),
  install: optional(list(recurringWindow, { min: 1, max: 50 })),
});
type Windows = { readonly download?: readonly RecurringWindow[]; readonly install?: readonly RecurringWindow[] };

const deadline = mapping({
  at: required(instant),
  behavior: withDefault(oneOf(['StopNew', 'FinishInFlight', 'CancelQueued', 'CancelAll']), 'FinishInFlight'),
});

const schedule = mapping(
  {
    notBefore: optional(instant),
    deadline: optional(deadline),
    timeZone: withDefault(timeZone, 'Device'),
    windows: withDefault(windows as Schema<Windows>, {}),
    pace: withDefault(oneOf(['Fast', 'Eco']), 'Fast'),
    appointments: withDefault(oneOf(['Ask', 'AskOrDisable', 'Never']), 'Ask'),
  },
  ['blackouts', 'onMissedWindow', 'jitter'],
);

const BATTERY_STATUS = ['BatteryLow', 'BatteryDamaged', 'Fault', 'Unknown', 'NotInstalled'] as const;

const charge = quantity('mAh', { min: 0, max: 1_000_000 });
const energyBudget = mapping({ perDevice: optional(charge), perYear: optional(charge) }, ['includeRetries', 'modelRef']);

const power = mapping(
  {
    minBatteryLevel: withDefault(percent, 0.2),
    denyStatus: withDefault(list(oneOf(BATTERY_STATUS)), ['BatteryLow', 'BatteryDamaged', 'Fault']),
    mainsPowered: withDefault(oneOf(['Exempt', 'Checked']), 'Exempt'),
    energyBudget: withDefault(energyBudget, { perDevice: undefined, perYear: undefined }),
  },
  ['minVoltage', 'freshness'],
);

const radio = mapping(
  {
    minRSRP: optional(quantity('dBm', { min: -160, max: -30 })),
    maxCoverageEnhancementLevel: optional(integer({ min: 0, max: 3 })),
    onViolation: withDefault(oneOf(['Defer', 'Skip', 'Allow']), 'Defer'),
  },
  ['minSNR', 'deferLimit'],
);

const transfers = integer({ min: 1, max: 1_000_000 });
const perCoverage = mapping({ ce0: optional(transfers), ce1: optional(transfers), ce2: optional(transfers), unknown: optional(transfers) });
const NO_CAP = { ce0: undefined, ce1: undefined, ce2: undefined, unknown: undefined };

const dataCap = mapping({ perDevice: optional(bytes), campaign: optional(bytes), perPoolAndMonth: optional(bytes) });
const NO_DATA_CAP = { perDevice: undefined, campaign: undefined, perPoolAndMonth: undefined };

const bandwidth = mapping({
  maxInFlight: withDefault(transfers, 4000),
  bytesPerSecond: withDefault(mapping({ total: optional(bytes), perAPN: optional(bytes), perCarrier: optional(bytes) }, ['perGateway']), {
    total: undefined,
    perAPN: undefined,
    perCarrier: undefined,
  }),
  perCell: withDefault(mapping({ airtime: withDefault(percent, 0.5), max: withDefault(perCoverage, NO_CAP) }), {
    airtime: 0.5,
    max: NO_CAP,
  }),
  perSite: withDefault(mapping({ maxInFlight: optional(transfers) }), { maxInFlight: undefined }),
  dataCap: withDefault(dataCap, NO_DATA_CAP),
});

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

const stage = mapping(
  {
    name: required(name),
    take: required(take),
    soak: withDefault(duration, 0 as Duration),
    gate: optional(gate),
    maxInFlight: optional(transfers),
  },
  ['rate'],
);

const retryClass = mapping({
  attempts: withDefault(integer({ min: 0, max: 1000 }), 0),
  resume: optional(flag),
  redownload: optional(flag),
  wait: optional(flag),
  action: optional(oneOf(['Hold'])),
  nextProtocol: optional(flag),
});
type RetryClass = Read<typeof retryClass>;

const retryClasses: Schema<Readonly<Partial<Record<FailureClass, RetryClass>>>> = mapping(
  Object.fromEntries(FAILURE_CLASSES.map((failure) => [failure, optional(retryClass)])),
) as Schema<Readonly<Partial<Record<FailureClass, RetryClass>>>>;

const backoffDefaults = { initial: (6 * HOUR) as Duration, factor: 2, max: (7 * DAY) as Duration, jitter: 0.2 };
const backoff = mapping({
  initial: withDefault(duration, backoffDefaults.initial),
  factor: withDefault(decimal({ min: 1, max: 10 }), backoffDefaults.factor),
  max: withDefault(duration, backoffDefaults.max),
  jitter: withDefault(percent, backoffDefaults.jitter),
});

const retry = mapping({
  maxAttempts: withDefault(integer({ min: 1, max: 1000 }), 4),
  backoff: withDefault(backoff, backoffDefaults),
  classes: withDefault(retryClasses, {}),
  /** Campaigns failed in a row, after which a device is left alone until a person releases it. */
  quarantineAfter: withDefault(integer({ min: 1, max: 1000 }), 3),
});

const contactDeadline = mapping({ missed: withDefault(integer({ min: 1 }), 5), atLeast: withDefault(duration, (10 * DAY) as Duration) });
const contacts = (count: number, atLeast: number) => {
  const fallback = { contacts: count, atLeast: atLeast as Duration };
  return withDefault(
    mapping({ contacts: withDefault(integer({ min: 1 }), count), atLeast: withDefault(duration, atLeast as Duration) }),
    fallback,
  );
};
const deadlines = mapping({
  contact: withDefault(contactDeadline, { missed: 5, atLeast: (10 * DAY) as Duration }),
  download: contacts(30, 21 * DAY),
  install: contacts(3, 6 * HOUR),
  confirm: contacts(3, 24 * HOUR),
});

const STABLE = { contacts: 1 };
const verify = mapping(
  {
    expect: optional(text({ max: 60 })),
    versionFrom: withDefault(list(versionHintPath, { min: 1, max: 10 }), []),
    afterReregistration: withDefault(flag, true),
    stableFor: withDefault(mapping({ contacts: withDefault(integer({ min: 1, max: 100 }), STABLE.contacts) }), STABLE),
  },
  ['probes'],
);

const rollback = mapping(
  {
    mode: withDefault(oneOf(['None', 'Manual', 'Automatic']), 'None'),
    to: optional(mapping({ version: required(text({ max: 60 })) }, ['ref'])),
    when: optional(mapping({ failure: required(mapping({ max: required(limit), minSample: withDefault(integer({ min: 1 }), 1) })) })),
  },
  ['scope', 'approval'],
);

export const PURPOSES = ['Security', 'Safety', 'Metrology', 'Feature', 'Rollback', 'Test'] as const;
const approvals = mapping({ start: optional(mapping({ policyRef: required(name) })) }, ['expedite']);

/** Reads an absent section as the section with all its defaults. */
function section<T>(schema: Schema<T>): ReturnType<typeof withDefault<T>> {
  return withDefault(schema, schema.read({}, [], []) as T);
}

export const campaignSpec = mapping(
  {
    description: optional(text({ max: 2000 })),
    purpose: withDefault(oneOf(PURPOSES), 'Feature'),
    priority: optional(integer({ min: 0, max: 1000 })),
    firmware: required(firmware),
    targets: required(targets),
    delivery: section(delivery),
    activation: section(activation),
    schedule: section(schedule),
    power: section(power),
    radio: section(radio),
    bandwidth: section(bandwidth),
    stages: required(list(stage, { min: 1, max: 100 })),
    retry: section(retry),
    deadlines: section(deadlines),
    verify: section(verify),
    rollback: section(rollback),
    approvals: section(approvals),
  },
  ['suspend', 'supersedes', 'holdout', 'trust', 'metrology', 'notice', 'audit'],
);

export type CampaignSpec = Read<typeof campaignSpec>;
export type StageSpec = CampaignSpec['stages'][number];
export type GateSpec = NonNullable<StageSpec['gate']>;
export type RetrySpec = CampaignSpec['retry'];
export type DeadlinesSpec = CampaignSpec['deadlines'];
export type ResumeSpec = CampaignSpec['delivery']['resume'];
