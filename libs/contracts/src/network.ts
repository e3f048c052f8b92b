export interface NetworkHintView {
  readonly source: string;
  readonly operator: string | undefined;
  /** How many; absent: all. */
  readonly cells: number | undefined;
  readonly bearer: string | undefined;
  readonly from: string;
  readonly until: string;
  /** What firmware may take of a carrier meanwhile, 0–1. */
  readonly share: number;
  readonly text: string;
}

export interface NetworkView {
  readonly sources: readonly {
    readonly name: string;
    readonly readAt: string | undefined;
    readonly hints: number;
    readonly error: string | undefined;
  }[];
  /** Standing hints, and the first of them. */
  readonly total: number;
  readonly hints: readonly NetworkHintView[];
}
