import type { Credential } from '@drover/credentials';
import type { AccessRule } from '@drover/lwm2m';
import type { Endpoint, Instant } from '@drover/kernel';

/** What the bootstrap role asks the engine, and what it is told to do. Plain data, like everything on the link. */

/** Names a credential that the gateway has: its secret is sealed, and is opened when it is written. */
export type CredentialName = Pick<Credential, 'kind' | 'identity'>;

export interface AccountOrder {
  readonly uri: string;
  readonly shortServerId: number;
  readonly lifetimeS: number;
  readonly binding: string;
  readonly storesNotifications: boolean;
  readonly security:
    | { readonly mode: 'NoSec' }
    | { readonly mode: 'PSK'; readonly credential: CredentialName }
    /** `serverKey`: SubjectPublicKeyInfo, base64; absent: our own. */
    | { readonly mode: 'RPK'; readonly credential: CredentialName; readonly serverKey?: string }
    /** A key pair of ours, which the gateway has certified before it writes it. */
    | { readonly mode: 'X509'; readonly credential: CredentialName }
    /** The device makes its own key, and has it certified here. */
    | { readonly mode: 'EST' }
    /** A security context: beside Security Mode NoSec, in Object 21. */
    | { readonly mode: 'OSCORE'; readonly credential: CredentialName };
}

/** What a device is to hold. */
export interface BootstrapOrder {
  readonly accounts: readonly AccountOrder[];
  readonly access: readonly AccessRule[];
  readonly deleteFirst: readonly string[];
  readonly contentFormat?: number | undefined;
}

/** `session`: by requests of ours. `pack`: in one answer, of which nobody knows what becomes. */
export type BootstrapWay = 'session' | 'pack';

export type BootstrapCommand =
  /** Its keys are on the disk, and were told before it. */
  | { readonly type: 'bootstrap-give'; readonly id: number; readonly endpoint: Endpoint; readonly order: BootstrapOrder }
  /** That its certificate was made is on the disk as well. */
  | { readonly type: 'bootstrap-write'; readonly id: number; readonly endpoint: Endpoint }
  | { readonly type: 'bootstrap-deny'; readonly id: number; readonly endpoint: Endpoint; readonly code: string }
  /** That the certificate was made is on the disk. */
  | { readonly type: 'enrolment-allow'; readonly id: number; readonly endpoint: Endpoint }
  | { readonly type: 'enrolment-deny'; readonly id: number; readonly endpoint: Endpoint; readonly code: string };

/** A certificate that was made for a device, which does not have it yet. */
export interface MadeCertificate {
  /** Hex. */
  readonly serial: string;
  /** SHA-256 of all of it, hex. */
  readonly fingerprint: string;
  readonly issuer: string;
  /** `sha256:` of the SubjectPublicKeyInfo that it certifies. */
  readonly pin: string;
  /** ISO 8601, by the wall's clock. */
  readonly until: string;
}

/** Of a key that the device has made. */
export interface EnrolmentReport {
  readonly type: 'enrolment-asked';
  readonly id: number;
  readonly at: Instant;
  readonly endpoint: Endpoint;
  /** The factory credential that it has shown. */
  readonly by: CredentialName;
  readonly certificate: MadeCertificate;
}

/** Of a key that was made for the device. */
export interface IssueReport {
  readonly type: 'certificate-made';
  /** Of the Bootstrap-Request that waits for it. */
  readonly id: number;
  readonly at: Instant;
  readonly endpoint: Endpoint;
  /** What the device will be known by. */
  readonly credential: CredentialName;
  readonly certificate: MadeCertificate;
}

export type BootstrapReport =
  | {
      readonly type: 'bootstrap-asked';
      readonly id: number;
      readonly at: Instant;
      readonly endpoint: Endpoint;
      readonly via: BootstrapWay;
      /** The factory credential that it has shown; absent without security. */
      readonly by?: CredentialName;
    }
  | {
      readonly type: 'bootstrap-ended';
      readonly id: number;
      readonly at: Instant;
      readonly endpoint: Endpoint;
      /** Absent: it has all of it. */
      readonly failure?: { readonly at: string; readonly why: string };
    }
  | {
      readonly type: 'bootstrap-refused';
      readonly at: Instant;
      readonly code: string;
      readonly endpoint?: string;
      readonly identity?: string;
      readonly from: string;
      /** How often since the last of these. */
      readonly count: number;
    }
  | EnrolmentReport
  | IssueReport;

const COMMANDS: readonly string[] = [
  'bootstrap-give',
  'bootstrap-write',
  'bootstrap-deny',
  'enrolment-allow',
  'enrolment-deny',
] satisfies BootstrapCommand['type'][];

export const isOfBootstrap = (message: { readonly type: string }): message is BootstrapCommand => COMMANDS.includes(message.type);
