import type { Digest, Endpoint, Instant, Json, Namespace } from '@drover/kernel';
import type { Device } from '@drover/fleet';
import type { CampaignLife, DocumentKind, Exclusion, Plan, RotationExclusion, RotationPlan } from '@drover/campaign';
import type {
  Appointment,
  BlockTimes,
  CarrierCapacity,
  CarrierTransfers,
  ContactPattern,
  CoveragePattern,
  EnergySpent,
  Forecast,
  PoolVolume,
  TransferPattern,
} from '@drover/schedule';
import type { DeviceRotation, DeviceUpdate, StageStatus } from '@drover/rollout';
import type { Credential, Sealed, WrappedKey } from '@drover/credentials';

/** What is stored, in the domain's words. Rows are this plus the columns that queries need. */

export interface DocumentRecord {
  readonly namespace: Namespace;
  readonly kind: DocumentKind;
  readonly name: string;
  readonly generation: number;
  readonly digest: Digest;
  readonly source: Json;
  readonly appliedAt: Instant;
  readonly appliedBy: string;
  /** It counts no more; its row stays, so that the log and the table tell the same story. */
  readonly removedAt?: Instant;
}

export interface FirmwareRecord {
  readonly namespace: Namespace;
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly size: number;
  /** The signed envelope, base64: it is verified again at every door, never this row's other columns. */
  readonly envelope: string;
  readonly pushedAt: Instant;
  readonly pushedBy: string;
  readonly withdrawnAt: Instant | undefined;
  readonly withdrawnReason: string | undefined;
}

export interface CampaignRecord {
  readonly namespace: Namespace;
  readonly name: string;
  readonly generation: number;
  readonly source: Json;
  readonly author: string;
  /** Its devices are stored in `PlanPartRecord`s, so many of them. */
  readonly plan: Plan;
  readonly planParts?: number;
  readonly forecast: Forecast;
  readonly life: CampaignLife;
  readonly stages: readonly StageStatus[];
  readonly createdAt: Instant;
  readonly startedAt: Instant | undefined;
  readonly endedAt: Instant | undefined;
  /** The campaign that takes this one back, or why there is none. */
  readonly rollback?: { readonly at: Instant; readonly campaign?: string; readonly refused?: string };
}

/** Part of a frozen plan: some devices of one stage, or some that are left out. Written before the campaign that names it. */
export interface PlanPartRecord<E extends RotationExclusion = Exclusion> {
  readonly namespace: Namespace;
  readonly campaign: string;
  readonly generation: number;
  /** From 0. */
  readonly part: number;
  readonly stage?: number;
  readonly endpoints?: readonly Endpoint[];
  readonly excluded?: readonly E[];
}

/** What has been found out about one carrier: operator, cell, bearer. */
export interface CarrierRecord {
  readonly carrier: string;
  readonly capacity: CarrierCapacity;
  /** What may be taken of it, 0–1; 1 is whatever campaigns say. */
  readonly share: number;
  readonly changedAt: Instant;
  /** What transfers on it have shown. */
  readonly transfers?: CarrierTransfers;
}

/** What transfers have shown of one kind of blocks, by `blockKindIndex`. */
export interface CalibrationRecord extends BlockTimes {
  /** `bearer/coverage level/block size`. */
  readonly kind: string;
}

/** What the gateway last told of a device's registration. */
export interface RegistrationRecord {
  readonly location: string;
  readonly lifetimeS: number;
  readonly lwm2mVersion: string;
  readonly binding: string;
  readonly queueMode: boolean;
  readonly address: string;
  /** The object list as the device sent it. */
  readonly links: string;
  readonly registeredAt: Instant;
  readonly refreshedAt: Instant;
}

/** How often a device has come when it was asked, has not come, or has refused. */
export interface AppointmentCounts {
  readonly kept: number;
  readonly missed: number;
  readonly refused: number;
}

/** What was last read of a component that has a version of its own. */
export interface ComponentRecord {
  readonly object: string;
  readonly instance: number;
  /** Absent where the device shows none. */
  readonly version?: string;
  /** Nothing is installed there. */
  readonly isEmpty?: true;
  readonly at: Instant;
}

/** A device that a person must look at before anything is offered to it again. */
export interface QuarantineRecord {
  readonly since: Instant;
  /** The campaigns that failed in a row, the last one last. */
  readonly campaigns: readonly string[];
}

export interface DeviceRecord extends Device {
  readonly registration: RegistrationRecord | undefined;
  readonly pattern: ContactPattern | undefined;
  /** What has been learnt of its radio. */
  readonly coverage?: CoveragePattern;
  /** What its transfers have shown. */
  readonly transfers?: TransferPattern;
  /** What updates have taken from its battery. */
  readonly energySpent?: EnergySpent;
  /** It has been asked to wake up at another time, or is to get its lifetime back afterwards. */
  readonly appointment?: Appointment;
  /** How it has answered to that so far: by its lifetime, and by Disable. */
  readonly appointments?: AppointmentCounts;
  readonly disables?: AppointmentCounts;
  readonly findings: readonly { readonly at: Instant; readonly code: string; readonly text: string }[];
  /** By the name of the firmware that goes there. */
  readonly components?: Readonly<Record<string, ComponentRecord>>;
  /** When a transfer by this method began anew although the device had part of the image: it does not go on with such ones. */
  readonly beganAnew?: Readonly<Partial<Record<'Pull' | 'Push', Instant>>>;
  /** Campaigns that failed on it since the last success. */
  readonly failedCampaigns?: readonly string[];
  readonly quarantine?: QuarantineRecord;
}

export interface UpdateRecord extends DeviceUpdate {
  readonly namespace: Namespace;
  /** Of what takes the image: Object 5, instance 0, where it is not said. */
  readonly object?: number;
  readonly instance?: number;
}

export interface ApprovalRecord {
  readonly namespace: Namespace;
  readonly campaign: string;
  readonly planDigest: Digest;
  readonly by: string;
  readonly decision: 'approve' | 'deny';
  readonly remark: string;
  readonly at: Instant;
}

export interface HoldRecord {
  readonly id: string;
  readonly namespace: Namespace;
  readonly scope: 'campaign' | 'firmware' | 'fleet';
  /** Campaign name or firmware digest; empty for the fleet. */
  readonly target: string;
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
  /** Reminds, lifts nothing. */
  readonly until: Instant | undefined;
  readonly liftedAt: Instant | undefined;
  readonly liftedBy: string | undefined;
}

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** SHA-256 of the secret, hex. The secret has 256 random bits, so a plain hash is as strong as a slow one. */
  readonly hash: string;
  readonly createdAt: Instant;
  readonly revokedAt: Instant | undefined;
}

/** Its secret is sealed; the keys for that are `DataKeyRecord`s, and those are wrapped. */
export type CredentialRecord = Credential;

/** A server account as a device was given it: who it is there, and never its key. */
export interface GivenAccount {
  readonly uri: string;
  readonly shortServerId: number;
  readonly mode: 'PSK' | 'RPK' | 'X509' | 'EST' | 'OSCORE' | 'NoSec';
  readonly identity?: string;
  /** Keyed, as that of its credential. */
  readonly fingerprint?: string;
}

/** A rotation of keys, from its plan to its end. */
export interface RotationRecord {
  readonly namespace: Namespace;
  readonly name: string;
  readonly generation: number;
  readonly source: Json;
  readonly author: string;
  /** Its devices are stored in parts, so many of them. */
  readonly plan: RotationPlan;
  readonly planParts: number;
  readonly life: CampaignLife;
  readonly stages: readonly StageStatus[];
  readonly createdAt: Instant;
  readonly startedAt: Instant | undefined;
  readonly endedAt: Instant | undefined;
}

/** Part of its plan; `campaign` is its name. */
export type RotationPartRecord = PlanPartRecord<RotationExclusion>;

/** One device of one rotation; a rotation of that name that came before keeps its rows. */
export interface DeviceRotationRecord extends DeviceRotation {
  readonly namespace: Namespace;
  readonly rotation: string;
  readonly generation: number;
}

/** Somebody wants a device to come. */
export interface BootstrapWish {
  readonly by: string;
  readonly reason: string;
  readonly at: Instant;
  /** What for. */
  readonly waits: string;
  /** When it was last asked. */
  readonly askedAt?: Instant;
  /** The rotation that sends it; absent: a person. */
  readonly rotation?: string;
}

/** What a device was given by bootstrap, or is to come for. */
export interface BootstrapRecord {
  readonly namespace: Namespace;
  readonly endpoint: Endpoint;
  /** `writing`: keys are on their way, or the session broke off without a word; the next one goes on with the same keys. */
  readonly state: 'wanted' | 'writing' | 'finished' | 'failed';
  readonly at: Instant;
  /** Sessions that have begun. */
  readonly sessions: number;
  /** The factory credential that it came with; absent without security. */
  readonly by?: string;
  readonly via?: 'session' | 'pack';
  readonly template?: { readonly name: string; readonly generation: number; readonly digest: Digest };
  readonly accounts?: readonly GivenAccount[];
  /** Identity of the last OSCORE context that it was given: whoever is given it again counts from zero, and repeats nonces. */
  readonly context?: string;
  readonly failure?: { readonly at: string; readonly why: string };
  readonly wish?: BootstrapWish;
  /** It came while somebody waited for it, and was given nothing. */
  readonly refused?: { readonly code: string; readonly at: Instant };
}

export interface DataKeyRecord extends WrappedKey {
  readonly createdAt: Instant;
}

/** A DTLS session of a device, as its gateway sealed it. */
export interface DtlsSessionRecord {
  /** What CoAP calls this peer. */
  readonly name: string;
  readonly state: Sealed;
}

export interface TimelineRecord {
  readonly namespace: Namespace;
  readonly endpoint: Endpoint;
  readonly at: Instant;
  readonly kind: string;
  readonly detail: Json;
}

/** A signed head of the audit log; the rest of it is the audit library's. */
export interface TreeHeadRecord {
  readonly size: number;
}

/** One set of changes that is committed together or not at all. */
export interface Changes {
  readonly documents?: readonly DocumentRecord[];
  readonly firmware?: readonly FirmwareRecord[];
  readonly campaigns?: readonly CampaignRecord[];
  readonly devices?: readonly DeviceRecord[];
  readonly updates?: readonly UpdateRecord[];
  readonly planParts?: readonly PlanPartRecord[];
  readonly carriers?: readonly CarrierRecord[];
  readonly calibrations?: readonly CalibrationRecord[];
  readonly poolVolumes?: readonly PoolVolume[];
  /** Updates of a campaign that is planned anew lose their rows first, and its earlier plans go. */
  readonly dropUpdatesOf?: readonly { readonly namespace: Namespace; readonly campaign: string; readonly generation: number }[];
  readonly approvals?: readonly ApprovalRecord[];
  readonly holds?: readonly HoldRecord[];
  readonly tokens?: readonly TokenRecord[];
  readonly credentials?: readonly CredentialRecord[];
  readonly bootstraps?: readonly BootstrapRecord[];
  readonly rotations?: readonly RotationRecord[];
  readonly rotationParts?: readonly RotationPartRecord[];
  readonly deviceRotations?: readonly DeviceRotationRecord[];
  readonly dataKeys?: readonly DataKeyRecord[];
  readonly sessions?: readonly DtlsSessionRecord[];
  /** Names of sessions that have ended. No name is used twice. */
  readonly dropSessions?: readonly string[];
  readonly timeline?: readonly TimelineRecord[];
  readonly treeHeads?: readonly TreeHeadRecord[];
}
