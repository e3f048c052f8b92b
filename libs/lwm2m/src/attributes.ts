import { Lwm2mError } from './errors.ts';
import type { Link } from './link-format.ts';
import { idsOf } from './paths.ts';

/** What Write-Attributes of 1.0 and 1.1 sets (Core section 7.3): periods in seconds, thresholds in the unit of the resource. */
export interface NotificationAttributes {
  readonly pmin?: number;
  readonly pmax?: number;
  readonly gt?: number;
  readonly lt?: number;
  readonly st?: number;
  readonly epmin?: number;
  readonly epmax?: number;
}

/** What a device reports, as far as it makes sense; `ignored` names the rest of these seven. */
export interface ParsedAttributes {
  readonly attributes: NotificationAttributes;
  readonly ignored: readonly AttributeName[];
}

type AttributeName = keyof NotificationAttributes;

const PERIODS: readonly AttributeName[] = ['pmin', 'pmax', 'epmin', 'epmax'];
const THRESHOLDS: readonly AttributeName[] = ['gt', 'lt', 'st'];
const NAMES: readonly AttributeName[] = ['pmin', 'pmax', 'gt', 'lt', 'st', 'epmin', 'epmax'];

const MAX_PERIOD_S = 0xffffffff;
/** A minus sign is not in the grammar of the standard, though thresholds below zero need one. */
const DECIMAL = /^-?\d{1,20}(\.\d{1,20})?$/;

/** The attributes of one link of a Discover answer. A device's odd value is set aside: it is no reason to lose the others. */
export function parseAttributes({ attributes: found }: Pick<Link, 'attributes'>): ParsedAttributes {
  const attributes: { -readonly [K in AttributeName]?: number } = {};
  const ignored: AttributeName[] = [];
  for (const name of NAMES) {
    const text = found.get(name);
    if (text === undefined) continue;
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (faultOf(name, value) === undefined) attributes[name] = value;
    else ignored.push(name);
  }
  return { attributes, ignored };
}

/** Throws `ATTRIBUTE_INVALID` for what a device must answer with 4.00, or could only ignore. */
export function checkAttributes(path: string, attributes: NotificationAttributes): void {
  const depth = idsOf(path).length;
  if (depth === 0) throw refused('attributes belong to an object or to something in it');
  for (const name of NAMES) {
    const value = attributes[name];
    if (value === undefined) continue;
    const fault = faultOf(name, value);
    if (fault !== undefined) throw refused(fault);
    if (depth < 3 && THRESHOLDS.includes(name)) throw refused(`${name} belongs to a resource, ${path} is none`);
  }
  requireOrder(attributes);
}

function faultOf(name: AttributeName, value: number): string | undefined {
  if (PERIODS.includes(name))
    return Number.isInteger(value) && value >= 0 && value <= MAX_PERIOD_S ? undefined : `${name} is whole seconds, not ${value}`;
  if (!Number.isFinite(value)) return `${name} is a number, not ${value}`;
  return name === 'st' && value < 0 ? `st is a distance, not ${value}` : undefined;
}

function requireOrder({ pmin, pmax, gt, lt, st, epmin, epmax }: NotificationAttributes): void {
  // Zero switches pmax off; a smaller one than pmin is ignored by the device, so asking for it is a mistake.
  if (pmin !== undefined && pmax !== undefined && pmax !== 0 && pmax < pmin) throw refused('pmax is less than pmin');
  if (lt !== undefined && gt !== undefined && lt >= gt) throw refused('lt is not less than gt');
  if (lt !== undefined && gt !== undefined && lt + 2 * (st ?? 0) >= gt) throw refused('lt and twice st reach gt');
  if (epmin !== undefined && epmax !== undefined && epmin >= epmax) throw refused('epmin is not less than epmax');
}

/** Uri-Query parts of a Write-Attributes, in the order of the standard; `unset` names those to be taken back. */
export function encodeAttributes(
  path: string,
  attributes: NotificationAttributes,
  unset: readonly (keyof NotificationAttributes)[] = [],
): string[] {
  checkAttributes(path, attributes);
  const twice = unset.find((name) => attributes[name] !== undefined);
  if (twice !== undefined) throw refused(`${twice} is both set and unset`);
  const parts = NAMES.flatMap((name) => {
    const value = attributes[name];
    if (value !== undefined) return [`${name}=${decimalOf(value)}`];
    return unset.includes(name) ? [name] : [];
  });
  if (parts.length === 0) throw refused('nothing to set and nothing to unset');
  return parts;
}

/** Without an exponent, which the grammar does not know. */
function decimalOf(value: number): string {
  const text = String(value);
  const plain = text.includes('e') ? value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 }) : text;
  // A threshold with too many decimals must not go out as another one, or as 0.
  if (!DECIMAL.test(plain) || Number(plain) !== value) throw refused(`${value} has too many digits`);
  return plain;
}

function refused(message: string): Lwm2mError {
  return new Lwm2mError('ATTRIBUTE_INVALID', message);
}
