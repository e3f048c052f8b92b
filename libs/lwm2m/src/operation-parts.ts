import type { FormatChoice, Speaker } from './format-choice.ts';
import type { Lwm2mVersion } from './object-list.ts';
import type { ObjectModels } from './object-models.ts';

/** What a request depends on beside the operation: a registration, and the models that hold for it. */
export interface OperationTarget {
  readonly lwm2mVersion: Lwm2mVersion;
  readonly contentFormats: readonly number[];
  /** `/`, or the alternate path. */
  readonly rootPath: string;
  readonly models: ObjectModels;
}

/** A CoAP request in plain data; the shell adds what is the transport's. */
export interface OperationRequest {
  readonly type: 'request';
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'FETCH' | 'iPATCH';
  readonly path: readonly string[];
  readonly query?: readonly string[];
  readonly contentFormat?: number;
  readonly accept?: number;
  readonly payload?: Uint8Array;
  /** 0 starts an observation, 1 ends it. */
  readonly observe?: 0 | 1;
  /** What was chosen and may be refused by the device: goes into `refused` for the next try. */
  readonly format?: FormatChoice;
}

export const REFUSALS = [
  'PATH_INVALID',
  'PATH_NOT_PERMITTED',
  'OPERATION_UNAVAILABLE',
  'VALUE_TYPE',
  'VALUE_RANGE',
  'VALUE_INVALID',
  'FORMAT_UNAVAILABLE',
  'ATTRIBUTE_INVALID',
  'ARGUMENTS_INVALID',
] as const;

/** Refused by us, before anything is sent. */
export interface OperationRefused {
  readonly type: 'refused';
  readonly code: (typeof REFUSALS)[number];
  readonly why: string;
}

/** A request before its path is written. */
export type Parts = Omit<OperationRequest, 'type' | 'path'>;

export const speakerOf = ({ lwm2mVersion, contentFormats }: OperationTarget): Speaker => ({
  version: lwm2mVersion,
  announced: contentFormats,
});

export function refused(code: OperationRefused['code'], why: string): OperationRefused {
  return { type: 'refused', code, why };
}
