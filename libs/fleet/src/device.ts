import type { Endpoint, Instant, Namespace } from '@drover/kernel';
import type { FactName, Facts, FactValue } from './facts.ts';

/** A device as Drover knows it, with no campaign needed. */
export interface Device {
  readonly namespace: Namespace;
  readonly endpoint: Endpoint;
  /** From an import; keys and values as the operator's asset system writes them. */
  readonly labels: Readonly<Record<string, string>>;
  readonly facts: Facts;
  readonly firstSeenAt: Instant | undefined;
  readonly lastContactAt: Instant | undefined;
}

export function factOf(device: Device, name: FactName): FactValue | undefined {
  return name === 'endpoint' ? device.endpoint : device.facts[name]?.value;
}

export function textFact(device: Device, name: FactName): string | undefined {
  const value = factOf(device, name);
  return typeof value === 'string' ? value : undefined;
}

export function numberFact(device: Device, name: FactName): number | undefined {
  const value = factOf(device, name);
  return typeof value === 'number' ? value : undefined;
}

/** One carrier is one (operator, cell, bearer). A device that names no cell shares a bucket with those of its area, or of its operator. */
export function carrierOf(device: Device): string {
  const bearer = textFact(device, 'radio.bearer') ?? 'unknown';
  const cell = numberFact(device, 'radio.cell');
  const operator = `${numberFact(device, 'radio.mcc') ?? '?'}-${numberFact(device, 'radio.mnc') ?? '?'}`;
  return `${operator}/${cell === undefined ? areaOf(device) : cell.toString(16).toUpperCase()}/${bearer}`;
}

function areaOf(device: Device): string {
  const area = numberFact(device, 'radio.area');
  return area === undefined ? '?' : `?${area.toString(16).toUpperCase()}`;
}

export function isCellKnown(device: Device): boolean {
  return numberFact(device, 'radio.cell') !== undefined;
}
