import type { ResourceValue, Value } from './values.ts';
import type { UriScheme } from './objects.ts';

/** What the engine wants of one device: this image, by this attempt. Plain data. */
export interface FirmwareOrder {
  readonly attempt: string;
  readonly method: 'Auto' | 'Pull' | 'Push';
  /** Absolute, at most 255 bytes, one per image: a device that still has it is on this image. */
  readonly uri: string;
  readonly uriScheme: UriScheme;
  readonly size: number;
  readonly expectedVersion: string;
  /** How far an earlier conversation of this very attempt got; absent for a new one. */
  readonly keepOffset?: number;
  readonly automaticUpgradeOff: boolean;
  readonly inactivityMs: number;
  /** What is observed of Object 5; without it the instance, and State alone where the device refuses that. */
  readonly observe?: 'Instance' | 'Resource' | 'None';
  /** From a notification of State to the look; some stacks set the Result well after it. */
  readonly settleMs?: number;
  /** The resource that shows the version which runs, where it is not `/3/0/3`. */
  readonly versionFrom?: string;
}

export type Method = 'Pull' | 'Push';

/** An LwM2M operation, named by path; the shell translates it to CoAP and hands it back with the answer. */
export type Operation =
  | { readonly type: 'read'; readonly path: string }
  | { readonly type: 'write'; readonly path: string; readonly format: number; readonly value: Value }
  | { readonly type: 'execute'; readonly path: string }
  | { readonly type: 'observe'; readonly path: string };

export type Action =
  | Operation
  | { readonly type: 'start-push'; readonly offset: number }
  | { readonly type: 'stop-push' }
  | { readonly type: 'serve'; readonly on: boolean }
  /** Give a `tick` then, if the device can be reached; a later one of these replaces an earlier. */
  | { readonly type: 'wait-until'; readonly at: number; readonly why: 'poll' | 'busy' | 'settle' };

export type FirmwareInput =
  /** `code` as text, `2.05`. */
  | { readonly type: 'answer'; readonly op: Operation; readonly code: string; readonly values: readonly ResourceValue[] }
  | { readonly type: 'no-answer'; readonly op: Operation }
  | { readonly type: 'block-acknowledged'; readonly offset: number }
  | { readonly type: 'push-finished' }
  /** `lost`: no answer, or the exchange was reset. `rejected`: with a code. `too-large`: 4.13 that smaller blocks do not cure. */
  | { readonly type: 'push-failed'; readonly why: 'lost' | 'rejected' | 'too-large'; readonly offset: number }
  | { readonly type: 'block-served'; readonly offset: number; readonly length: number }
  | { readonly type: 'observed'; readonly values: readonly ResourceValue[] }
  /** Permission to install, for now: it is spent by one Execute. */
  | { readonly type: 'execute' }
  | { readonly type: 'cancel' }
  | { readonly type: 'registered' }
  /** The device is awake. For a device without queue mode the shell says so itself, some time after a `no-answer`. */
  | { readonly type: 'contact' }
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

export type FailureClass = (typeof RESULT_CLASSES)[number];

export type FirmwareFact =
  | { readonly type: 'capability'; readonly method: Method; readonly protocols: readonly number[]; readonly deliveryMethod?: number }
  | { readonly type: 'refused'; readonly class: 'UnsupportedProtocol' | 'Incompatible' | 'Refused'; readonly why: string }
  | { readonly type: 'offered' }
  | { readonly type: 'download-started' }
  | { readonly type: 'progress'; readonly offset: number }
  | { readonly type: 'download-finished' }
  | { readonly type: 'session-lost'; readonly offset: number }
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
  | 'probing'
  | 'resetting'
  | 'preparing'
  | 'offering'
  | 'offer-refused'
  | 'downloading'
  | 'downloaded'
  | 'executing'
  | 'installing'
  | 'verifying'
  | 'cancelling'
  | 'ended';

/** What the device has said about itself, by its last reads. */
export interface Known {
  readonly state?: number;
  readonly result?: number;
  readonly version?: string;
  readonly packageVersion?: string;
  readonly uri?: string;
  readonly protocols?: readonly number[];
  readonly deliveryMethod?: number;
  readonly automaticUpgrade?: boolean;
  /** When State and Result were last read. */
  readonly readAt?: number;
}

export type ResetWay = 'uri' | 'package' | 'cancel';

/** Where the conversation stands. Disposable: it can be begun again at any time from what the device says. */
export interface Conversation {
  readonly order: FirmwareOrder;
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
  readonly method?: Method;
  /** `/5/0` could not be read in one go. */
  readonly singles: boolean;
  readonly observing: 'no' | 'yes' | 'refused';
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
  readonly push: 'none' | 'running' | 'finished' | 'lost' | 'rejected' | 'too-large';
  /** Where the last push began. */
  readonly pushedFrom: number;
  readonly serving: boolean;
  /** Looks in a row that found State 0 and nothing wrong after a complete push. */
  readonly idleLooks: number;
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
