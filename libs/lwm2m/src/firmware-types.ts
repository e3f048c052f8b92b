import type { ExecuteArgument } from './execute-arguments.ts';
import type { UriScheme } from './objects.ts';
import type { UpdatePaths, UpdateTarget } from './update-object.ts';
import type { ResourceValue, Value } from './values.ts';

/** Where the image can be had: one URI for each scheme, absolute, at most 255 bytes, the same for the whole life of an image. */
export interface PackageUri {
  readonly scheme: UriScheme;
  readonly uri: string;
}

/** What is written before the image comes; what is absent is not. */
export interface Activation {
  /** `/5/0/14`: read back where it is switched off, because a device that installs by itself would do so outside its window. */
  readonly automaticUpgrade: 'Off' | 'On' | 'Leave';
  /** `/5/0/11`: 0 critical, 1 mandatory, 2 optional. */
  readonly severity?: number;
  /** `/5/0/13`, s. */
  readonly maximumDeferS?: number;
}

/** What the engine wants of one device: this image, by this attempt. Plain data. */
export interface FirmwareOrder {
  readonly attempt: string;
  /** The first instance of Object 5 without it. */
  readonly target?: UpdateTarget;
  readonly method: 'Auto' | 'Pull' | 'Push';
  /** The preferred one first. A device that still has one of them is on this image. */
  readonly uris: readonly PackageUri[];
  /** After "unsupported protocol" the next URI is offered, then a push, before the attempt fails. */
  readonly tryNextProtocol?: boolean;
  readonly size: number;
  readonly expectedVersion: string;
  /** How far an earlier session of this very attempt got, perhaps nowhere; absent for a new one. */
  readonly keepOffset?: number;
  /** An earlier attempt has offered it something, which may still be on its way. */
  readonly offeredBefore?: boolean;
  /** Update Result that was read before Execute; what stays the same says nothing about it. */
  readonly resultBefore?: number;
  /** Sessions of this attempt in a row that brought no byte. */
  readonly idleSessions?: number;
  readonly activation: Activation;
  readonly inactivityMs: number;
  /** What is observed of the object; without it the instance, and State alone where the device refuses that. */
  readonly observe?: 'Instance' | 'Resource' | 'None';
  /** From a notification of State to the look; some stacks set the Result well after it. */
  readonly settleMs?: number;
  /** Resources that show the version which runs, the first that is there counts; by default `/3/0/3`, or the object's own. */
  readonly versionFrom?: readonly string[];
  /** Where a push is written instead of the package: a resource of Object 19. */
  readonly pushTo?: string;
  /** Transfers that a device of this class goes on with after a pause; both without it. */
  readonly resume?: 'Both' | 'Pull' | 'Push' | 'None';
  /** The battery is watched while the image is on its way. */
  readonly watchBattery?: boolean;
  /** Instances of the object that the device has registered; absent when it did not say. */
  readonly announced?: readonly number[];
}

export type Method = 'Pull' | 'Push';

/** An LwM2M operation, named by path; the shell translates it to CoAP and hands it back with the answer. */
export type Operation =
  | { readonly type: 'read'; readonly path: string }
  | { readonly type: 'write'; readonly path: string; readonly format: number; readonly value: Value }
  | { readonly type: 'execute'; readonly path: string; readonly arguments?: readonly ExecuteArgument[] }
  /** A new instance; the paths of the values begin with it. */
  | { readonly type: 'create'; readonly path: string; readonly instance?: number; readonly values: readonly ResourceValue[] }
  | { readonly type: 'delete'; readonly path: string }
  | { readonly type: 'observe'; readonly path: string };

export type Action =
  | Operation
  | { readonly type: 'start-push'; readonly offset: number; readonly path: string }
  | { readonly type: 'stop-push' }
  | { readonly type: 'serve'; readonly on: boolean }
  /** Give a `tick` then, if the device can be reached; a later one of these replaces an earlier. */
  | { readonly type: 'wait-until'; readonly at: number; readonly why: 'poll' | 'busy' | 'settle' };

export type FirmwareInput =
  /** `code` as text, `2.05`. */
  | { readonly type: 'answer'; readonly op: Operation; readonly code: string; readonly values: readonly ResourceValue[] }
  | { readonly type: 'no-answer'; readonly op: Operation }
  | { readonly type: 'block-acknowledged'; readonly offset: number }
  /** `certain: false`: the last block was refused, perhaps because an earlier copy of it had been taken. */
  | { readonly type: 'push-finished'; readonly certain?: boolean }
  /** `lost`: no answer, or the exchange was reset. `rejected`: with a code. `too-large`: 4.13 that smaller blocks do not cure. */
  | { readonly type: 'push-failed'; readonly why: 'lost' | 'rejected' | 'too-large'; readonly offset: number }
  | { readonly type: 'block-served'; readonly offset: number; readonly length: number }
  | { readonly type: 'observed'; readonly values: readonly ResourceValue[] }
  /** Permission to install, for now: it is spent by one Execute. */
  | { readonly type: 'execute' }
  | { readonly type: 'cancel' }
  | { readonly type: 'registered' }
  /** It speaks from another address: what was asked at the old one has no answer, and its observations do not find us. */
  | { readonly type: 'moved' }
  /** The device is awake. For a device without queue mode the shell says so itself, some time after a `no-answer`. */
  | { readonly type: 'contact' }
  /** The device is about to sleep and may be kept awake: asks now what would be asked soon. */
  | { readonly type: 'stay' }
  | { readonly type: 'suspend' }
  | { readonly type: 'resume' }
  | { readonly type: 'tick' };

/** Classes of Update Result 2 to 11, in that order. */
export const RESULT_CLASSES = [
  'InsufficientFlash',
  'OutOfMemory',
  'ConnectionLost',
  'Integrity',
  'UnsupportedPackage',
  'InvalidURI',
  'UpdateFailed',
  'UnsupportedProtocol',
  'Cancelled',
  'Deferred',
] as const;

/** `Unknown`: a Result that no standard has assigned. */
export type FailureClass = (typeof RESULT_CLASSES)[number] | 'Unknown';

export type FirmwareFact =
  | { readonly type: 'capability'; readonly method: Method; readonly protocols: readonly number[]; readonly deliveryMethod?: number }
  | { readonly type: 'refused'; readonly class: 'UnsupportedProtocol' | 'Refused'; readonly why: string }
  | { readonly type: 'offered' }
  | { readonly type: 'download-started' }
  | { readonly type: 'progress'; readonly offset: number }
  | { readonly type: 'download-finished' }
  | { readonly type: 'session-lost'; readonly offset: number }
  /** The device, or we for it, began with the first byte again although it had `from` of them. */
  | { readonly type: 'began-anew'; readonly from: number }
  /** Percent. */
  | { readonly type: 'battery'; readonly level: number }
  | { readonly type: 'install-started' }
  | { readonly type: 'execute-unknown' }
  | { readonly type: 'state'; readonly state: number; readonly result: number }
  /** `Deferred`, and a failure while the image is kept (State 2), leave room for another `execute`. */
  | { readonly type: 'failed'; readonly class: FailureClass; readonly result: number; readonly why: string }
  | {
      readonly type: 'version-read';
      /** Absent when the device shows none. */
      readonly version?: string;
      /** `/5/0/7` describes the package and is a hint only. */
      readonly from: string;
      readonly state?: number;
      readonly result?: number;
    }
  | { readonly type: 'cancelled' }
  | { readonly type: 'cancel-refused'; readonly state?: number };

export type Phase =
  /** Looks for the instance that the package belongs to. */
  | 'locating'
  | 'probing'
  /** Makes room for a new version over an installed one. */
  | 'clearing'
  | 'resetting'
  | 'preparing'
  | 'offering'
  | 'offer-refused'
  | 'downloading'
  | 'downloaded'
  | 'executing'
  | 'installing'
  | 'activating'
  | 'verifying'
  | 'cancelling'
  | 'ended';

/** What the device has said about itself, by its last reads. State and Result in the words of Object 5. */
export interface Known {
  readonly state?: number;
  readonly result?: number;
  /** As the device counts, for whoever has to explain it. */
  readonly told?: { readonly state?: number; readonly result?: number };
  /** Of Object 9: a version is installed; and it is active. */
  readonly installed?: boolean;
  readonly active?: boolean;
  readonly version?: string;
  /** The resource that showed it. */
  readonly versionAt?: string;
  readonly packageName?: string;
  readonly packageVersion?: string;
  readonly uri?: string;
  readonly protocols?: readonly number[];
  readonly deliveryMethod?: number;
  readonly automaticUpgrade?: boolean;
  readonly severity?: number;
  readonly maximumDefer?: number;
  /** Other instances that an Update would install as well: Object 33629. */
  readonly linked?: readonly number[];
  /** When State and Result were last read. */
  readonly readAt?: number;
}

/** One instance of Object 9: a place for a package. */
export interface PackageSlot {
  readonly instance: number;
  /** Empty before a package is there. */
  readonly name: string;
  readonly state: number | undefined;
}

export type ResetWay = 'uri' | 'package' | 'cancel' | 'uninstall' | 'delete';

/** Where the conversation stands. Disposable: it can be begun again at any time from what the device says. */
export interface Conversation {
  readonly order: FirmwareOrder;
  readonly paths: UpdatePaths;
  readonly phase: Phase;
  readonly known: Known;
  /** Operations still to do in this phase; one at a time. */
  readonly todo: readonly Operation[];
  /** The first of `todo` was sent. */
  readonly asked: boolean;
  /** The first of `todo` was not answered, or answered "busy": it goes out again with the next contact, or at `wakeAt`. */
  readonly stalled: boolean;
  readonly wakeAt?: number;
  readonly busyCount: number;
  readonly suspended: boolean;
  /** Begun for an update that is past its transfer: nothing is offered, created or cleared. */
  readonly onlyLooks: boolean;
  /** To be cancelled as soon as it is known which instance is ours. */
  readonly wantsCancel: boolean;
  readonly method?: Method;
  /** Which of the order's URIs is offered. */
  readonly uriAt: number;
  /** The other way to deliver has been tried and was not there. */
  readonly methodSwitched: boolean;
  /** The Result for which it was. */
  readonly switchedAfter?: number;
  /** Instances of Object 9, as far as they have been read. */
  readonly slots: readonly PackageSlot[];
  /** We have asked for a new instance. */
  readonly created: boolean;
  /** Further ways to make room over an installed version. */
  readonly clearing: readonly Operation[];
  /** `/5/0` could not be read in one go. */
  readonly singles: boolean;
  readonly observing: 'no' | 'yes' | 'refused';
  readonly watching: 'no' | 'yes' | 'refused';
  readonly resetWays: readonly ResetWay[];
  readonly offerCode?: string;
  readonly offersLeft: number;
  /** Result when we offered: until the device moves, it says nothing about us. */
  readonly resultBefore: number;
  readonly moved: boolean;
  readonly offset: number;
  readonly started: boolean;
  readonly progressAt: number;
  readonly lostReported: boolean;
  readonly push: 'none' | 'running' | 'finished' | 'doubtful' | 'lost' | 'rejected' | 'too-large';
  /** Where the last push began. */
  readonly pushedFrom: number;
  /** Where a block was rejected before the push began at the first one again: the same place twice is the device's verdict. */
  readonly rejectedAt?: number;
  readonly serving: boolean;
  /** Looks in a row that found State 0 and nothing wrong after a complete push. */
  readonly idleLooks: number;
  /** The version was old and the Result 0: State may be told before the Result, so it was looked at a second time. */
  readonly verifiedTwice: boolean;
  readonly registeredSince: boolean;
  readonly mayExecute: boolean;
  readonly execute: 'none' | 'sent' | 'unknown' | 'refused' | 'started';
  readonly reported?: { readonly state: number; readonly result: number };
}

export interface Step {
  readonly conversation: Conversation;
  readonly actions: readonly Action[];
  readonly facts: readonly FirmwareFact[];
}
