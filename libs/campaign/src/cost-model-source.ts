import type { Json } from '@drover/kernel';
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
  type FigureNote,
} from '@drover/schedule';
import { CELL_BEARERS, LEVEL_NAMES } from './cost-model-specs.ts';

export const COST_MODEL_KINDS = ['RadioModel', 'EnergyModel'] as const;
export type CostModelKind = (typeof COST_MODEL_KINDS)[number];

const KIND_NAMED: Readonly<Record<string, CostModelKind>> = { radio: 'RadioModel', energy: 'EnergyModel' };

/** `radio` or `energy`, as people call them where a kind is too long. */
export function costModelNamed(name: string): CostModelKind | undefined {
  return Object.hasOwn(KIND_NAMED, name) ? KIND_NAMED[name] : undefined;
}

export function isCostModelKind(kind: string): kind is CostModelKind {
  return (COST_MODEL_KINDS as readonly string[]).includes(kind);
}

type JsonObject = { readonly [key: string]: Json };

function written<K extends string>(values: Readonly<Record<K, number>>, notes: Readonly<Record<K, FigureNote>>): JsonObject {
  return Object.fromEntries(
    Object.entries<FigureNote>(notes).map(([name, { evidence, source }]) => [name, { value: values[name as K], evidence, source }]),
  );
}

function writtenBearers<K extends string>(
  bearers: Readonly<Record<CellBearer, ByCoverage<Readonly<Record<K, number>>>>>,
  notes: Readonly<Record<K, FigureNote>>,
): JsonObject {
  const levels = (bearer: CellBearer): JsonObject =>
    Object.fromEntries(LEVELS.map((ce) => [LEVEL_NAMES[ce], written(bearers[bearer][ce], notes)]));
  return Object.fromEntries(CELL_BEARERS.map((bearer) => [bearer, levels(bearer)]));
}

const BUILT_IN: Readonly<Record<CostModelKind, JsonObject>> = {
  RadioModel: { ...written(DEFAULT_RADIO_MODEL, RADIO_WIDE), bearers: writtenBearers(DEFAULT_RADIO_MODEL.bearers, RADIO_FIGURES) },
  EnergyModel: {
    ...written(DEFAULT_ENERGY_MODEL, ENERGY_WIDE),
    bearers: writtenBearers(DEFAULT_ENERGY_MODEL.bearers, ENERGY_FIGURES),
    battery: written(DEFAULT_ENERGY_MODEL.battery, BATTERY_FIGURES),
  },
};

/** The figures in force as a document that says where each comes from: the built-in ones, and over them those of `applied`. */
export function costModelSource(kind: CostModelKind, applied?: Json): Json {
  const { metadata = { name: 'built-in' }, spec = {} } = (applied ?? {}) as { metadata?: Json; spec?: Json };
  return { apiVersion: 'drover/v1', kind, metadata, spec: merged(BUILT_IN[kind], spec) };
}

function merged(base: Json | undefined, told: Json): Json {
  if (!isMapping(base) || !isMapping(told)) return told;
  return { ...base, ...Object.fromEntries(Object.entries(told).map(([name, value]) => [name, merged(base[name], value)])) };
}

function isMapping(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
