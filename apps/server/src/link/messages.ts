import type { Digest, Endpoint, Instant } from '@drover/kernel';
import type { FactName, FactValue } from '@drover/fleet';
import type { Activation, ObjectModel, UpdateTarget, UriScheme } from '@drover/lwm2m';
import type { ClockSetting } from '@drover/platform';
import type { Bearer, Coverage, TransferLink } from '@drover/schedule';
import type { BootstrapCommand, BootstrapReport } from './bootstrap.ts';
import type { CarrierCommand, CarrierReport } from './carriers.ts';
import type { ClassCommand } from './device-classes.ts';
import type { LookCommand, LookReport } from './looks.ts';
import type { OperationCommand, OperationReport } from './operations.ts';
import type { CertificateFiles, EnrolmentFiles, SecurityCommand, SecurityReport } from './security.ts';

/** Plain data either way, so that the link may be a MessagePort or a queue between machines. */

/** A try in one session. Facts echo it; a fact of another try is dropped. */
export type AttemptKey = string;

/** All that the gateway needs to carry one update through, and to check the trust rules by itself once more. */
export interface OfferOrder {
  readonly attempt: AttemptKey;
  readonly endpoint: Endpoint;
  readonly epoch: number;
  /** Past this nothing is sent any more; undefined where no window ends. */
  readonly notAfter: Instant | undefined;
  readonly method: 'Auto' | 'Pull' | 'Push';
  readonly digest: Digest;
  readonly size: number;
  readonly expectedVersion: string;
  readonly offset: number;
  /** This very attempt has been offered before, in an earlier session. */
  readonly isResumed: boolean;
  /** An attempt before this one has offered the image. */
  readonly isRetried: boolean;
  /** Update Result that was read before Execute. */
  readonly resultBefore: number;
  /** Sessions of this attempt in a row that brought no byte. */
  readonly idleSessions: number;
  /** Path segment of the pull URI: unguessable, the same for the whole life of this device and image. */
  readonly pullToken: string;
  readonly blockSize: number;
  readonly minBlockSize: number;
  readonly inactivityMs: number;
  readonly carrier: string;
  /** Keeps its rate while others on its carrier yield to it. */
  readonly isFirm: boolean;
  readonly share: number;
  readonly budget: number;
  /** Radio time of one block, campaign ms: what pacing stretches. */
  readonly blockMs: number;
  /** What that was counted for. */
  readonly link: Pick<TransferLink, 'bearer' | 'ce'>;
  readonly papers: Papers;
  /** What runs where the image goes; `nothingInstalled` where the device was asked and has nothing there yet. */
  readonly device: { readonly model: string | undefined; readonly version: string | undefined; readonly nothingInstalled?: boolean };
  readonly target: UpdateTarget;
  readonly protocols: ProtocolOrder;
  readonly activation: Activation;
  /** Resources that show the version which runs, the first that the device has counts; empty: as its class or the object says. */
  readonly versionFrom: readonly string[];
  /** Campaign ms for which a sleeper may be kept listening at a time, for something that is close; 0 is never. */
  readonly keepAwakeMs: number;
  /** The campaign has a battery floor that this device can fall below. */
  readonly watchBattery: boolean;
  /** Where a resumed conversation stands; a new one transfers. `install` offers nothing: it looks, and reads the version. */
  readonly phase: 'transfer' | 'install' | 'cancel';
}

/** What an image is trusted by. As text, so that the same papers of a whole fleet are kept, and checked, once. */
export interface Papers {
  /** The signed envelope, base64. */
  readonly envelope: string;
  /** The release policy that it is checked against, JSON. */
  readonly policy: string;
}

export interface ProtocolOrder {
  /** Schemes of the Package URI, the preferred one first; what the server does not offer is left out by the gateway. */
  readonly order: readonly UriScheme[];
  /** After `UnsupportedProtocol` the next one is tried in the same attempt. */
  readonly tryNext: boolean;
}

export type ToGateway =
  | CarrierCommand
  | { readonly type: 'offer'; readonly order: OfferOrder }
  | {
      readonly type: 'execute';
      readonly attempt: AttemptKey;
      readonly endpoint: Endpoint;
      readonly epoch: number;
      readonly notAfter: Instant | undefined;
    }
  | { readonly type: 'cancel'; readonly attempt: AttemptKey; readonly endpoint: Endpoint; readonly epoch: number }
  | { readonly type: 'suspend' | 'resume' | 'drop'; readonly attempt: AttemptKey; readonly endpoint: Endpoint; readonly epoch: number }
  /** The update is settled: its pull token opens nothing any more. */
  | { readonly type: 'forget'; readonly endpoint: Endpoint }
  | { readonly type: 'withdrawn'; readonly digests: readonly Digest[] }
  | { readonly type: 'read-facts'; readonly endpoint: Endpoint }
  | { readonly type: 'restore'; readonly registrations: readonly RestoredRegistration[]; readonly tokens: readonly PullToken[] }
  /** Everything is restored: devices may come. Until then their datagrams fall on deaf ears, and they repeat them. */
  | { readonly type: 'open' }
  | OperationCommand
  | ClassCommand
  | LookCommand
  | SecurityCommand
  | BootstrapCommand
  | { readonly type: 'close' };

/** Whose pull a token is: a device may go on with it before it registers again. */
export interface PullToken {
  readonly token: string;
  readonly endpoint: Endpoint;
}

export interface RestoredRegistration {
  readonly endpoint: Endpoint;
  readonly location: string;
  readonly address: string;
  readonly lifetimeS: number;
  readonly lwm2mVersion: string;
  readonly binding: string;
  readonly queueMode: boolean;
  /** The object list as the device sent it. */
  readonly links: string;
  readonly refreshedAt: Instant;
}

export type ContactKind = 'register' | 'update' | 'deregister' | 'send' | 'pull';

export type FromGateway =
  | CarrierReport
  | {
      readonly type: 'ready';
      readonly address: string;
      /** Undefined where it is not listened. */
      readonly port: number | undefined;
      readonly dtlsPort: number | undefined;
      readonly tcpPort: number | undefined;
      readonly tlsPort: number | undefined;
      readonly bootstrapPort: number | undefined;
      readonly bootstrapsPort: number | undefined;
    }
  | {
      readonly type: 'contact';
      readonly endpoint: Endpoint;
      readonly kind: ContactKind;
      readonly at: Instant;
      readonly registration: RestoredRegistration | undefined;
      /** The address of a living registration that this one replaced, on nobody's word but its own. */
      readonly replaced?: string;
    }
  /** A registration whose lifetime and grace are over. */
  | { readonly type: 'lapsed'; readonly endpoint: Endpoint; readonly at: Instant }
  | {
      readonly type: 'facts';
      readonly endpoint: Endpoint;
      readonly at: Instant;
      readonly facts: Readonly<Partial<Record<FactName, FactValue>>>;
    }
  | { readonly type: 'update'; readonly endpoint: Endpoint; readonly attempt: AttemptKey; readonly at: Instant; readonly fact: UpdateFact }
  | {
      readonly type: 'refused-command';
      readonly endpoint: Endpoint;
      readonly attempt: AttemptKey;
      readonly at: Instant;
      readonly command: string;
      readonly why: string;
    }
  | OperationReport
  | LookReport
  | SecurityReport
  | BootstrapReport
  | { readonly type: 'fatal'; readonly code: string; readonly message: string };

/** What the conversation learnt, in the standard's words; the engine translates. */
export type UpdateFact =
  | { readonly type: 'capability'; readonly method: 'Pull' | 'Push' }
  | { readonly type: 'refused'; readonly class: string; readonly why: string }
  | { readonly type: 'offered' }
  | { readonly type: 'download-started'; readonly method: 'Pull' | 'Push' }
  | {
      readonly type: 'progress';
      readonly offset: number;
      readonly blocks: number;
      readonly bytes: number;
      readonly retransmissions: number;
      /** Campaign ms that the device was awake for the transfer since the last of these. */
      readonly awakeMs: number;
    }
  /** Some blocks of one size, of a link as it was when the offer was made; only with a campaign clock that runs as the wall's. */
  | {
      readonly type: 'blocks-seen';
      readonly bearer: Bearer;
      readonly ce: Coverage;
      readonly blockSize: number;
      readonly blocks: number;
      readonly repeated: number;
      readonly bytes: number;
      /** From the first of them to the last, ms. */
      readonly spanMs: number;
      /** Median time of those that nothing held up: alone on the carrier, not paced, not repeated; undefined of too few. */
      readonly medianMs: number | undefined;
    }
  | { readonly type: 'download-finished' }
  | { readonly type: 'session-lost'; readonly offset: number }
  /** The device began at byte 0 again although it had more: its next transfers must fit whole. */
  | { readonly type: 'began-anew'; readonly from: number }
  | { readonly type: 'install-started' }
  | { readonly type: 'state'; readonly state: number; readonly result: number | undefined }
  | { readonly type: 'failed'; readonly class: string; readonly why: string }
  | {
      readonly type: 'version-read';
      readonly version: string | undefined;
      readonly state: number | undefined;
      readonly result: number | undefined;
    }
  | { readonly type: 'cancelled' }
  | { readonly type: 'cancel-refused' }
  | { readonly type: 'execute-unknown' };

/** What a gateway thread is started with. */
export interface GatewayStart {
  readonly host: string;
  /** Of CoAP over UDP, without security or with OSCORE. */
  readonly port: number | 'off';
  /** It is open for OSCORE alone. */
  readonly oscoreOnly: boolean;
  readonly dtlsPort: number | 'off';
  readonly tcpPort: number | 'same' | 'off';
  /** Of TLS; `same` as that of DTLS. */
  readonly tlsPort: number | 'same' | 'off';
  /** Of the bootstrap server, without security and over DTLS. */
  readonly bootstrapPort: number | 'off';
  readonly bootstrapsPort: number | 'off';
  /** `coap://host:port` that devices can reach, no trailing slash; undefined means the bound address. */
  readonly publicUri: string | undefined;
  /** The same for DTLS, `coaps://host:port`. */
  readonly publicDtlsUri: string | undefined;
  /** The same for TCP, `coap+tcp://host:port`. */
  readonly publicTcpUri: string | undefined;
  /** The same for TLS, `coaps+tcp://host:port`. */
  readonly publicTlsUri: string | undefined;
  /** Where a file host of the operator's serves the images by their digests, in hex; `http://…` or `https://…`, no trailing slash. */
  readonly fileHost: string | undefined;
  /** Where the key is that the data keys are wrapped by: `KeySource`. */
  readonly keySource: string;
  readonly certificates: CertificateFiles;
  readonly enrolment: EnrolmentFiles;
  /** File that gets the secrets of sessions: development only. */
  readonly keyLog: string | undefined;
  readonly blobs: string;
  readonly cache: string;
  readonly clock: ClockSetting;
  readonly logLevel: string;
  readonly takeover: 'accept' | 'refuse-while-alive';
  /** How long a queue-mode device listens after an exchange, campaign ms. */
  readonly awakeMs: number;
  /** Definitions beside the built-in ones. */
  readonly objectModels: readonly ObjectModel[];
}
