import type { Instant } from '@drover/kernel';
import type { Admission, Ask, Limits } from './admission-request.ts';
import { soon, wait } from './admission-request.ts';
import { batteryOf } from './battery-life.ts';
import { fullBudget } from './budgets.ts';
import { dataCapReached, hasDataCap, overDataCap, type DataRefusal, type DataUse } from './data-caps.ts';
import { predictedVolume } from './data-volume.ts';
import { overEnergyBudget } from './energy-budget.ts';
import type { WaitReason } from './reason.ts';
import { transferCost } from './transfer-cost.ts';

/** A battery may be asked for so much and no more; where better radio would be cheap enough it is waited for. */
export function energyRefusal({ request, limits, now, nextContactAt, cost, link, model }: Ask): Admission | undefined {
  if (request.device.facts['power.mains']?.value === true) return undefined;
  const { spentMah, remainingBytes, device } = request;
  if (limits.energy.perDevice === undefined && limits.energy.perYear === undefined) return undefined;
  const battery = batteryOf(device, model.energy, request.deviceClass);
  const over = overEnergyBudget(limits.energy, { costMah: cost.energyMah, ...spentMah, battery }, now);
  if (!over) return undefined;
  if (over.until !== undefined) return wait('ENERGY_BUDGET', over.evidence, over.until);
  const cheapest = transferCost(remainingBytes, { ...link, ce: 0 }, { model }).energyMah;
  const isHopeless = overEnergyBudget(limits.energy, { costMah: cheapest, ...spentMah }, now) !== undefined;
  const waiting = wait('ENERGY_BUDGET', over.evidence, nextContactAt);
  return isHopeless ? { ...waiting, type: 'skip' } : waiting;
}

/** So much and no more goes over the air: of one device and of a campaign for good, of a SIM pool until its month is over. */
export function dataRefusal({ request, limits, now, nextContactAt, link, model }: Ask): Admission | undefined {
  if (!hasDataCap(limits.data)) return undefined;
  const { remainingBytes, transfers, data } = request;
  const needs = predictedVolume(remainingBytes, link, { pattern: transfers, model });
  const over = overDataCap(limits.data, data, needs, now);
  if (!over) return undefined;
  const waiting = wait('DATA_CAP', over.evidence, dataEnd(over, { now, nextContactAt }));
  return over.until === 'never' ? { ...waiting, type: 'skip' } : waiting;
}

function dataEnd({ until }: DataRefusal, { now, nextContactAt }: { now: Instant; nextContactAt: Instant }): Instant {
  if (until === 'transfers') return soon(now, nextContactAt);
  return until === 'never' ? nextContactAt : until;
}

/** Why a transfer under way must stop here: a cap on what goes over the air is used up. */
export function dataStop(use: DataUse, limits: Limits, nextContactAt: Instant, now: Instant): WaitReason | undefined {
  const reached = dataCapReached(limits.data, use, now);
  return reached && { code: 'DATA_CAP', evidence: reached.evidence, nextAt: dataEnd(reached, { now, nextContactAt }) };
}

/** What the campaign may move at once: transfers and bytes a second, by stage, site, cell, access point and operator. */
export function campaignBudgets({ request, limits, ledger, now, nextContactAt, cost }: Ask): Admission | undefined {
  const again = soon(now, nextContactAt);
  const bytesPerSecond = (cost.bytesOnAir * 1000) / Math.max(cost.duration, 1);
  const full = fullBudget(request, limits.budgets, { ledger, bytesPerSecond });
  return full && wait(full.code, full.evidence, again);
}
