import {
  BATTERY_FIGURES,
  DEFAULT_ENERGY_MODEL,
  DEFAULT_RADIO_MODEL,
  ENERGY_FIGURES,
  ENERGY_WIDE,
  LEVELS,
  RADIO_FIGURES,
  RADIO_WIDE,
  type ByCoverage,
  type CellBearer,
  type EnergyModel,
  type RadioModel,
} from '@drover/schedule';
import { allFigures, figures, over, type Figure } from './figure.ts';
import { name } from './leaves.ts';
import { list, mapping, optional, required, type Read, type Schema } from './schema.ts';

export const CELL_BEARERS: readonly CellBearer[] = ['NB-IoT', 'LTE-M'];
export const LEVEL_NAMES = ['ce0', 'ce1', 'ce2'] as const;
export type LevelName = (typeof LEVEL_NAMES)[number];

function byBearer<T>(perLevel: Schema<T>) {
  const levels = optional(mapping({ ce0: optional(perLevel), ce1: optional(perLevel), ce2: optional(perLevel) }));
  return mapping({ 'NB-IoT': levels, 'LTE-M': levels });
}

/** What the radio takes of time and carrier: the figures that differ from the built-in ones. */
export const radioModelSpec = mapping({ ...figures(RADIO_WIDE), bearers: optional(byBearer(mapping(figures(RADIO_FIGURES)))) });
export type RadioModelSpec = Read<typeof radioModelSpec>;

const otherBattery = mapping({ deviceClass: required(name), ...allFigures(BATTERY_FIGURES) });

/** What that takes of a battery, and what batteries there are: the figures that differ from the built-in ones. */
export const energyModelSpec = mapping({
  ...figures(ENERGY_WIDE),
  bearers: optional(byBearer(mapping(figures(ENERGY_FIGURES)))),
  battery: optional(mapping(figures(BATTERY_FIGURES))),
  batteries: optional(list(otherBattery, { min: 1, max: 1000 })),
});
export type EnergyModelSpec = Read<typeof energyModelSpec>;

type Written<T> = { readonly [B in CellBearer]?: { readonly [L in LevelName]?: Levels<T> | undefined } | undefined };
type Levels<T> = { readonly [K in keyof T]?: Figure | undefined };

function bearersOver<T extends object>(
  base: Readonly<Record<CellBearer, ByCoverage<T>>>,
  written: Written<T> | undefined,
): Record<CellBearer, ByCoverage<T>> {
  const of = (bearer: CellBearer): ByCoverage<T> => {
    const [ce0, ce1, ce2] = LEVELS.map((ce) => over(base[bearer][ce], written?.[bearer]?.[LEVEL_NAMES[ce]]));
    return [ce0!, ce1!, ce2!];
  };
  return { 'NB-IoT': of('NB-IoT'), 'LTE-M': of('LTE-M') };
}

/** The figures that count with this document; without one, the built-in ones. */
export function radioModelOf(spec: RadioModelSpec | undefined): RadioModel {
  const { overheadBytes, bearers } = DEFAULT_RADIO_MODEL;
  return { ...over({ overheadBytes }, spec), bearers: bearersOver(bearers, spec?.bearers) };
}

export function energyModelOf(spec: EnergyModelSpec | undefined): EnergyModel {
  const { bearers, battery, batteries, ...wide } = DEFAULT_ENERGY_MODEL;
  const others = spec?.batteries?.map(({ deviceClass, capacityMah, lifeYears }) => [
    deviceClass,
    { capacityMah: capacityMah.value, lifeYears: lifeYears.value },
  ]);
  return {
    ...over(wide, spec),
    bearers: bearersOver(bearers, spec?.bearers),
    battery: over(battery, spec?.battery),
    batteries: others === undefined ? batteries : Object.fromEntries(others),
  };
}
