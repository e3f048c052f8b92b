import { LEVELS, mahPerDay, restMahPerDay, type Battery, type CellBearer, type RadioClass } from '@drover/schedule';
import {
  CELL_BEARERS,
  energyModelOf,
  LEVEL_NAMES,
  radioModelOf,
  type EnergyModelSpec,
  type LevelName,
  type RadioModelSpec,
} from './cost-model-specs.ts';
import type { Fault, FaultPath } from './schema.ts';

/** What worse coverage can only do worse, and which way that is. */
const WORSE: readonly { readonly figure: keyof RadioClass; readonly isWorse: (worse: number, better: number) => boolean }[] = [
  { figure: 'rttS', isWorse: (worse, better) => worse >= better },
  { figure: 'uplinkS', isWorse: (worse, better) => worse >= better },
  { figure: 'phyKbps', isWorse: (worse, better) => worse <= better },
  { figure: 'carrierKbps', isWorse: (worse, better) => worse <= better },
];

/** What each figure alone cannot see: the document and the built-in figures it leaves in force must make one model. */
export function radioModelFaults(spec: RadioModelSpec): Fault[] {
  if (!isAny(spec)) return [NOTHING];
  const { bearers } = radioModelOf(spec);
  const isTold = (bearer: CellBearer, level: LevelName, figure: keyof RadioClass): boolean =>
    spec.bearers?.[bearer]?.[level]?.[figure] !== undefined;
  return CELL_BEARERS.flatMap((bearer) => [
    ...LEVELS.flatMap((ce) => {
      const { uplinkS, rttS } = bearers[bearer][ce];
      if (uplinkS <= rttS) return [];
      const figure = isTold(bearer, LEVEL_NAMES[ce], 'uplinkS') ? 'uplinkS' : 'rttS';
      return [at(bearer, ce, figure, `a device would transmit for ${uplinkS} s of an exchange of ${rttS} s`)];
    }),
    ...LEVELS.slice(1).flatMap((ce) =>
      WORSE.flatMap(({ figure, isWorse }) => {
        const [worse, better] = [bearers[bearer][ce][figure], bearers[bearer][(ce - 1) as 0 | 1][figure]];
        if (isWorse(worse, better)) return [];
        const named = isTold(bearer, LEVEL_NAMES[ce], figure) ? ce : ((ce - 1) as 0 | 1);
        return [at(bearer, named, figure, `worse coverage would be better: ${worse} at CE${ce}, ${better} at CE${ce - 1}`)];
      }),
    ),
  ]);
}

/** A battery that sleep alone empties before its time makes days of life that mean nothing. */
export function energyModelFaults(spec: EnergyModelSpec): Fault[] {
  if (!isAny(spec)) return [NOTHING];
  const model = energyModelOf(spec);
  const rest = restMahPerDay(model);
  const lasts = (battery: Battery, path: FaultPath): Fault[] =>
    rest < mahPerDay(battery)
      ? []
      : [invalid(path, `asleep a device takes ${round(rest)} mAh a day, this battery may give ${round(mahPerDay(battery))}`)];
  const usualAt = spec.battery ? ['spec', 'battery'] : spec.idleUa ? ['spec', 'idleUa'] : ['spec'];
  return [
    ...(model.receiveMa >= model.connectedMa
      ? []
      : [
          invalid(
            ['spec', spec.receiveMa ? 'receiveMa' : 'connectedMa'],
            `receiving would take less (${model.receiveMa} mA) than waiting (${model.connectedMa} mA)`,
          ),
        ]),
    ...lasts(model.battery, usualAt),
    ...(spec.batteries ?? []).flatMap(({ deviceClass, capacityMah, lifeYears }, index, all) => [
      ...lasts({ capacityMah: capacityMah.value, lifeYears: lifeYears.value }, ['spec', 'batteries', index]),
      ...(all.findIndex((each) => each.deviceClass === deviceClass) < index
        ? [invalid(['spec', 'batteries', index, 'deviceClass'], `${deviceClass} is named twice`)]
        : []),
    ]),
  ];
}

const NOTHING: Fault = { code: 'FIELD_MISSING', path: ['spec'], message: 'the model names no figure, so it would change nothing' };

/** Whether there is a figure anywhere in it. */
function isAny(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return part !== undefined;
  return Object.values(part).some(isAny);
}

function at(bearer: CellBearer, ce: 0 | 1 | 2, figure: keyof RadioClass, message: string): Fault {
  return invalid(['spec', 'bearers', bearer, LEVEL_NAMES[ce], figure, 'value'], message);
}

const invalid = (path: FaultPath, message: string): Fault => ({ code: 'VALUE_INVALID', path, message });
const round = (value: number): number => Math.round(value * 1000) / 1000;
