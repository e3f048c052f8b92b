import type { ValueRange } from './value-range.ts';
import type { DataType } from './values.ts';

/** What the device management interface may do with a resource; the empty text is nothing at all. */
export type ResourceOperations = 'R' | 'W' | 'RW' | 'E' | '';

/** One resource of an object definition (Core, appendix D.1). Devices may have more: an unknown resource is never an error. */
export interface ResourceModel {
  readonly id: number;
  readonly name: string;
  readonly operations: ResourceOperations;
  readonly type: DataType | 'None';
  readonly multiple: boolean;
  readonly mandatory: boolean;
  /** As the definition prints it. */
  readonly rangeText?: string;
  readonly range?: ValueRange;
  readonly unit?: string;
}

/** One version of one object. Plain data, so that it can be handed to a thread. */
export interface ObjectModel {
  readonly id: number;
  readonly name: string;
  /** Of the object, `1.0` where a definition names none. */
  readonly version: string;
  /** Of the enabler it was written for. */
  readonly lwm2mVersion: string;
  readonly multiple: boolean;
  readonly mandatory: boolean;
  readonly resources: readonly ResourceModel[];
}

/** Below 0 where `a` is the older version; `1.10` is newer than `1.9`. */
export function compareObjectVersions(a: string, b: string): number {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [a.split('.').map(Number), b.split('.').map(Number)];
  return majorA - majorB || minorA - minorB;
}
