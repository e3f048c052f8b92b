import type { Endpoint, ErrorKind, Instant } from '@drover/kernel';
import type { DiscoveredLink, OperationOrder, PlainValue } from '@drover/lwm2m';

/** What a person asks of one device, and what comes of it. Plain data, like everything on the link. */

export type OperationCommand =
  /** Past `notAfter` nothing is sent any more. */
  | {
      readonly type: 'operate';
      readonly id: string;
      readonly endpoint: Endpoint;
      readonly order: OperationOrder;
      readonly notAfter: Instant;
    }
  /** Ends an observation, or gives up what has not been answered. */
  | { readonly type: 'end-operation'; readonly id: string; readonly endpoint: Endpoint };

export type OperationReport =
  | {
      readonly type: 'operated';
      readonly id: string;
      readonly endpoint: Endpoint;
      readonly at: Instant;
      readonly result: OperationResult;
    }
  | {
      readonly type: 'operation-notified';
      readonly id: string;
      readonly endpoint: Endpoint;
      readonly at: Instant;
      readonly values: readonly PlainValue[];
      /** Why this was the last one. */
      readonly ended?: string;
    };

export type OperationResult =
  | {
      readonly type: 'done';
      /** As text, `2.05`. */
      readonly code: string;
      readonly values: readonly PlainValue[];
      readonly links?: readonly DiscoveredLink[];
      readonly created?: string;
      /** Notifications will follow. */
      readonly observing?: boolean;
    }
  /** `answer` is the code of the device's answer; without it the device was not asked. */
  | {
      readonly type: 'failed';
      readonly failure: string;
      readonly kind: ErrorKind;
      readonly message: string;
      readonly answer?: string;
    }
  | { readonly type: 'no-answer' };
