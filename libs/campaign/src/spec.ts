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
} from './leaves.ts';
import { versionHintPath } from './resource-path.ts';
import { list, mapping, optional, required, withDefault, type Read, type Schema } from './schema.ts';
import { activation, delivery } from './spec-delivery.ts';
import { approvals } from './spec-approvals.ts';
import { stage } from './spec-stages.ts';
import { exclusion, selector } from './spec-targets.ts';
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
export type RetrySpec = CampaignSpec['retry'];
export type DeadlinesSpec = CampaignSpec['deadlines'];
export type ResumeSpec = CampaignSpec['delivery']['resume'];
