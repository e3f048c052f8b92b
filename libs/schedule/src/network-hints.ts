import { DroverError, instantOf, type Instant } from '@drover/kernel';
import type { CarrierKey } from './airtime-ledger.ts';

/** What a network operator says of its carriers for a time: no more than this part of them. It lowers budgets, and never raises one. */
export interface NetworkHint {
  /** `262-1`; absent: every operator. */
  readonly operator: string | undefined;
  /** Cell ids as `radio.cell` has them; absent: every cell. */
  readonly cells: readonly number[] | undefined;
  readonly bearer: string | undefined;
  readonly from: Instant;
  readonly until: Instant;
  /** 0–1. */
  readonly share: number;
  /** For people: why. */
  readonly text: string;
}

/** Hints of one source; a feed that sends more is refused as a whole. */
export const MOST_HINTS = 10_000;
const MOST_CELLS = 10_000;
/** Carriers for which it is remembered which hints are theirs. */
const MOST_KNOWN = 100_000;

/** Reads `{"hints": [{operator, cells, bearer, from, until, share, text}]}`. Refuses anything else with `HINTS_INVALID` and the place. */
export function readHints(json: unknown): NetworkHint[] {
  const { hints } = objectAt(json, 'the feed');
  if (!Array.isArray(hints)) throw invalid('hints', 'expected a list');
  if (hints.length > MOST_HINTS) throw invalid('hints', `at most ${MOST_HINTS} are taken, there are ${hints.length}`);
  return hints.map((each, index) => hintAt(each, `hints[${index}]`));
}

function hintAt(json: unknown, where: string): NetworkHint {
  const { operator, cells, bearer, from, until, share, text, ...strange } = objectAt(json, where);
  const [unknown] = Object.keys(strange);
  if (unknown !== undefined) throw invalid(`${where}.${unknown}`, 'no such field');
  if (typeof share !== 'number' || !(share >= 0 && share <= 1)) throw invalid(`${where}.share`, 'expected 0 to 1');
  const span = { from: timeAt(from, `${where}.from`), until: timeAt(until, `${where}.until`) };
  if (span.until <= span.from) throw invalid(`${where}.until`, 'comes before it begins');
  return {
    ...span,
    operator: textAt(operator, `${where}.operator`, /^\d{1,3}-\d{1,3}$/),
    bearer: textAt(bearer, `${where}.bearer`, /^[\w-]{1,20}$/),
    text: textAt(text, `${where}.text`, /^.{0,200}$/) ?? '',
    cells: cellsAt(cells, `${where}.cells`),
    share,
  };
}

function objectAt(json: unknown, where: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid(where, 'expected an object');
  return json as Record<string, unknown>;
}

function textAt(json: unknown, where: string, pattern: RegExp): string | undefined {
  if (json === undefined) return undefined;
  if (typeof json !== 'string' || !pattern.test(json)) throw invalid(where, `expected a text like ${pattern.source}`);
  return json;
}

function timeAt(json: unknown, where: string): Instant {
  if (typeof json !== 'string') throw invalid(where, 'expected an RFC 3339 time');
  try {
    return instantOf(json);
  } catch {
    throw invalid(where, `not an RFC 3339 time: "${json.slice(0, 40)}"`);
  }
}

function cellsAt(json: unknown, where: string): number[] | undefined {
  if (json === undefined) return undefined;
  const isCell = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 36;
  if (!Array.isArray(json) || json.length > MOST_CELLS || !json.every(isCell))
    throw invalid(where, `expected at most ${MOST_CELLS} cell ids`);
  return json;
}

function invalid(where: string, why: string): DroverError {
  return new DroverError('HINTS_INVALID', 'input', `${where}: ${why}`);
}

/** What all sources say at the moment. */
export class NetworkHints {
  readonly #sources = new Map<string, readonly NetworkHint[]>();
  readonly #ofCarrier = new Map<CarrierKey, readonly NetworkHint[]>();

  /** Instead of what this source said before. */
  put(source: string, hints: readonly NetworkHint[]): void {
    this.#sources.set(source, hints);
    this.#ofCarrier.clear();
  }

  /** What the strictest hint leaves of the carrier at that time, 0–1; 1 where none applies. */
  shareAt(carrier: CarrierKey, at: number): number {
    let share = 1;
    for (const hint of this.#of(carrier)) if (hint.from <= at && at < hint.until) share = Math.min(share, hint.share);
    return share;
  }

  /** Those that are not over, as `source: hint`. */
  *standing(now: Instant): Generator<{ readonly source: string; readonly hint: NetworkHint }> {
    for (const [source, hints] of this.#sources) for (const hint of hints) if (hint.until > now) yield { source, hint };
  }

  #of(carrier: CarrierKey): readonly NetworkHint[] {
    if (this.#sources.size === 0) return [];
    const known = this.#ofCarrier.get(carrier);
    if (known) return known;
    const found = [...this.#sources.values()].flatMap((hints) => hints.filter((hint) => applies(hint, String(carrier))));
    if (this.#ofCarrier.size >= MOST_KNOWN) this.#ofCarrier.clear();
    this.#ofCarrier.set(carrier, found);
    return found;
  }
}

/** A carrier is `operator/cell/bearer`, the cell in hexadecimal. */
function applies({ operator, cells, bearer }: NetworkHint, carrier: string): boolean {
  const [ofOperator, cell = '', ofBearer] = carrier.split('/');
  if (operator !== undefined && operator !== ofOperator) return false;
  if (bearer !== undefined && bearer !== ofBearer) return false;
  return cells === undefined || cells.includes(Number.parseInt(cell, 16));
}
