import type { ResourceOperations } from './object-model.ts';
import type { DataType } from './values.ts';

/** Operations, then `*` for a multiple-instance resource and `!` for a mandatory one. */
type Access = `${ResourceOperations}${'' | '*' | '!' | '*!'}`;

export type Row = readonly [id: number, name: string, access: Access, type: DataType | 'None', range?: string, unit?: string];

/** An object as it is written down here. */
export interface Built {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly lwm2mVersion: string;
  readonly multiple?: true;
  readonly mandatory?: true;
  readonly rows: readonly Row[];
}
