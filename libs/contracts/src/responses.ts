import type { Json } from '@drover/kernel';

/** What the HTTP API answers. Times are RFC 3339 texts in campaign time. */

export interface ErrorBody {
  readonly error: { readonly code: string; readonly kind: string; readonly message: string; readonly details?: unknown };
}

export interface StageView {
  readonly name: string;
  readonly state: string;
  readonly why: string | undefined;
  readonly soaksUntil: string | undefined;
  readonly size: number;
  readonly attempted: number;
  readonly succeeded: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly skipped: number;
  readonly inFlight: number;
  readonly waiting: Readonly<Record<string, number>>;
}

export interface CampaignView {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  readonly author: string;
  readonly firmware: { readonly name: string; readonly version: string; readonly digest: string; readonly size: number };
  readonly planDigest: string;
  readonly approval: { readonly type: string; readonly given?: number; readonly needed?: number };
  readonly purpose: string;
  /** Campaigns that this one follows from. */
  readonly owners: readonly string[];
  /** What takes this one back, or why there is none. */
  readonly rollback: { readonly at: string; readonly campaign?: string; readonly refused?: string } | undefined;
  readonly hold: { readonly reason: string; readonly by: string } | undefined;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly stages: readonly StageView[];
  readonly totals: {
    readonly devices: number;
    readonly succeeded: number;
    readonly failed: Readonly<Record<string, number>>;
    readonly skipped: number;
    readonly cancelled: number;
    readonly inFlight: number;
    readonly waiting: number;
  };
  readonly data: DataView;
  readonly forecast: unknown;
}

/** Bytes over the air, both directions, by the radio model from what was measured. */
export interface DataView {
  readonly moved: number;
  /** Kept for what is under way. */
  readonly kept: number;
  /** Of the campaign, of each device, and of each SIM pool in a calendar month; absent: no cap. */
  readonly cap: number | undefined;
  readonly perDevice: number | undefined;
  readonly perPoolAndMonth: number | undefined;
  /** Of its devices, by all campaigns; only with a cap on them. */
  readonly pools: readonly { readonly pool: string; readonly movedThisMonth: number }[];
}

export interface DeviceView {
  readonly endpoint: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, { readonly value: string | number | boolean; readonly at: string }>>;
  readonly lastContactAt: string | undefined;
  readonly nextContactAt: string | undefined;
  readonly registration:
    | {
        readonly lifetimeS: number;
        readonly lwm2mVersion: string;
        readonly queueMode: boolean;
        readonly address: string;
        readonly refreshedAt: string;
      }
    | undefined;
  readonly findings: readonly { readonly at: string; readonly code: string; readonly text: string }[];
  /** Components with a version of their own, as last read. */
  readonly components: Readonly<
    Record<string, { readonly object: string; readonly instance: number; readonly version: string; readonly at: string }>
  >;
  readonly quarantine: { readonly since: string; readonly campaigns: readonly string[] } | undefined;
  /** Ways of delivery by which a transfer began anew: it does not go on with such ones. */
  readonly beganAnew: readonly string[];
  readonly energy: DeviceEnergyView;
  /** Absent before the first transfer. */
  readonly transfers: DeviceTransfersView | undefined;
}

export interface DeviceEnergyView {
  /** What updates have taken from its battery in this calendar year, by the energy model. */
  readonly spentThisYearMah: number;
  /** The same in days of the battery's life; absent without a battery. */
  readonly spentThisYearDays: number | undefined;
  readonly battery:
    | {
        readonly capacityMah: number;
        readonly lifeYears: number;
        /** What it may give a day to last as long as it should. */
        readonly mahPerDay: number;
        /** Of this device; else of its class, or the usual one. */
        readonly isTold: boolean;
      }
    | undefined;
}

export interface WhyView {
  readonly campaign: string;
  readonly stage: string;
  readonly state: string;
  readonly since: string;
  readonly code: string;
  readonly evidence: string;
  readonly nextAt: string | undefined;
  readonly person: string | undefined;
  readonly attempt: number;
  readonly offset: number;
  readonly size: number;
  readonly failure: string | undefined;
  /** Of the current attempt. */
  readonly taken: Taken;
  /** The last attempts that ended. */
  readonly attempts: readonly AttemptView[];
}

/** What an attempt took; energy by the radio model, from what was measured. */
export interface Taken {
  readonly sessions: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly retransmissions: number;
  readonly secondsAwake: number;
  readonly energyMah: number;
  /** The same in days of the battery's life; absent without a battery. */
  readonly energyDays: number | undefined;
}

export interface AttemptView extends Taken {
  readonly attempt: number;
  readonly at: string;
  /** `succeeded`, `cancelled`, or a failure class. */
  readonly outcome: string;
  readonly why: string;
  readonly offset: number;
}

/** A device that somebody may have to go to. */
export interface SuspectView {
  readonly endpoint: string;
  readonly site?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `suspect`, `unreachable`, a failure class, or `quarantined`. */
  readonly what: string;
  readonly since: string;
  readonly campaign: string | undefined;
  readonly lastContactAt: string | undefined;
  readonly heardSince: boolean;
  /** Radio and battery as last known. */
  readonly signs: Readonly<Record<string, { readonly value: string | number | boolean; readonly at: string }>>;
  readonly offset: number;
  readonly size: number;
  readonly versionBefore: string | undefined;
  readonly failures: Readonly<Record<string, number>>;
  readonly attempts: readonly AttemptView[];
}

export interface SuspectsPage {
  readonly total: number;
  readonly suspects: readonly SuspectView[];
}

export interface PlanView {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly change: 'create' | 'change' | 'none';
  readonly before: unknown;
  readonly after: unknown;
  /** Of a campaign, or of a rotation of keys, which has no firmware. */
  readonly plan:
    | {
        readonly digest: string;
        readonly firmware?: { readonly name: string; readonly version: string; readonly digest: string; readonly size: number };
        readonly stages: readonly { readonly name: string; readonly endpoints: readonly string[] }[];
        readonly excluded: readonly { readonly endpoint: string; readonly code: string; readonly detail: string }[];
      }
    | undefined;
  readonly forecast: unknown;
  /** What it asks for and cannot have. */
  readonly warnings: readonly string[];
}

export interface TimelineEntry {
  readonly at: string;
  readonly kind: string;
  readonly detail: unknown;
}

export interface ClassView {
  readonly name: string;
  readonly precedence: number;
  /** Devices that have it. */
  readonly devices: number;
  readonly source: unknown;
}

/** Figures that costs are counted by, as a document that says where each comes from. */
export interface ModelView {
  /** `radio` or `energy`. */
  readonly model: string;
  /** Else they are the built-in ones. */
  readonly isApplied: boolean;
  readonly source: Json;
}

/** What transfers have shown of block times, by bearer, coverage level and block size. */
export interface CalibrationView {
  /** From here on what was measured counts instead of the figures. */
  readonly enough: { readonly samples: number; readonly devices: number };
  /** What is calibrated by it, and what is not. */
  readonly calibrates: string;
  readonly kinds: readonly {
    readonly bearer: string;
    readonly ce: number;
    /** Bytes. */
    readonly blockSize: number;
    /** Time of a block by the figures in force, as measured, and as planned with. */
    readonly figuresMs: number;
    readonly measuredMs: number;
    readonly plannedMs: number;
    /** Measured over figures: how far these have drifted from what is true. */
    readonly ratio: number;
    /** Mean distance of single measurements, as a part: 0.3 is about a third up or down. */
    readonly spread: number;
    /** Part of the blocks that went over the air more than once, 0–1. */
    readonly loss: number;
    /** Payload of a transfer that nothing holds up, bytes/s. */
    readonly goodput: { readonly figures: number; readonly measured: number };
    /** Of one block as planned with. */
    readonly plannedMah: number;
    readonly plannedDays: number;
    readonly samples: number;
    /** At least so many. */
    readonly devices: number;
    readonly isUsed: boolean;
    readonly since: string;
    readonly lastAt: string;
  }[];
}

/** What transfers of a device have shown of it. */
export interface DeviceTransfersView {
  /** How often its blocks were measured. */
  readonly measured: number;
  /** It is planned with blocks that take so much longer than by the model, as a factor. */
  readonly slowness: number;
  /** Part of its blocks that went over the air more than once, 0–1. */
  readonly loss: number;
  /** Of a block of `blockSize` bytes, as planned with. */
  readonly blockSize: number;
  readonly roundTripMs: number;
  /** Payload when nothing holds it up, bytes/s. */
  readonly goodput: number;
}

/** How a device is treated, and where each value comes from. */
export interface DeviceClassView {
  readonly class: string | undefined;
  /** Classes that fit as well and count less. */
  readonly alsoFit: readonly string[];
  /** `from`: `class NAME`, `coverage CE1`, `default`. */
  readonly values: readonly { readonly field: string; readonly value: string; readonly from: string }[];
  /** What it has shown by itself; absent while the gateway does not answer. */
  readonly learned: readonly { readonly what: string; readonly value: string }[] | undefined;
}

export interface TraceView {
  readonly until: string;
  readonly isRunning: boolean;
  /** Older datagrams that had to go. */
  readonly dropped: number;
  readonly entries: readonly {
    readonly at: string;
    readonly direction: 'in' | 'out';
    readonly address: string;
    readonly bytes: number;
    readonly text: string;
  }[];
}
