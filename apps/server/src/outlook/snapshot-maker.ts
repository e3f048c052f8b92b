import { HOUR, plus, type Instant } from '@drover/kernel';
import { gateFor, isSettled, limitsOf, type StageStatus } from '@drover/rollout';
import {
  carrierFor,
  firstRows,
  HourTables,
  openHours,
  outlookColumns,
  putRow,
  UNKNOWN_CELL_FACTOR,
  zoneFor,
  type CampaignOutlook,
  type Limits,
  type OutlookSnapshot,
  type StageOutlook,
  type WindowRule,
  type Zone,
} from '@drover/schedule';
import type { CampaignRecord, DeviceRecord, UpdateRecord } from '@drover/persistence';
import type { EngineState, LiveCampaign } from '../engine/engine-state.ts';
import { outlookRow, unknownRow, type RowContext, type RowPlaces } from './outlook-row.ts';

/** A campaign that runs, or one that is only planned. */
export interface OutlookSource {
  readonly record: Pick<CampaignRecord, 'namespace' | 'name' | 'plan' | 'life' | 'stages'>;
  readonly document: LiveCampaign['document'];
  readonly updates: Pick<LiveCampaign['updates'], 'size' | 'all'>;
}

interface Count {
  succeeded: number;
  failed: number;
  size: number;
}

const HOURS_OF_DAY = 24;
const NOWHERE = '?-?/?/unknown';
const AFTER_DEADLINE = { FinishInFlight: 'begun', StopNew: 'under-way', CancelQueued: 'under-way', CancelAll: 'nothing' } as const;

/** Copies what bears on the rest of a campaign, one device a step: what changes meanwhile is seen as it is when its turn comes. */
export function* makeSnapshot(source: OutlookSource, state: EngineState, now: Instant): Generator<void, OutlookSnapshot> {
  const { document, record, updates } = source;
  const limits = limitsOf(document.spec);
  const context: RowContext = {
    state,
    document,
    limits,
    imageBytes: record.plan.firmware.size,
    openedAt: record.stages.map(({ openedAt }) => openedAt),
    now,
  };
  const places = new Places({ limits, state, now });
  const counts = record.stages.map((): Count => ({ succeeded: 0, failed: 0, size: 0 }));
  const room = outlookColumns(updates.size);
  let size = 0;
  for (const update of updates.all()) {
    if (count(update, counts[update.stage]) && size < updates.size) {
      const device = state.devices.get(update.endpoint);
      const at = places.of(device);
      putRow(room, size++, device ? outlookRow(update, device, at, context) : unknownRow(update, at));
    }
    yield;
  }
  const { cost: model } = state.models;
  return { at: now, campaign: campaignOf(source, counts, limits, now), model, size, ...firstRows(room, size), ...places.tables };
}

/** Whether there is still something to do for it. */
function count(update: UpdateRecord, stage: Count | undefined): boolean {
  if (!stage) return false;
  stage.size += 1;
  if (update.state === 'succeeded') stage.succeeded += 1;
  // A suspected brick counts as one that failed.
  if (update.state === 'failed' || update.state === 'suspect') stage.failed += 1;
  return !isSettled(update);
}

/** Carriers and windows, each kept once. */
class Places {
  readonly #around: { readonly limits: Limits; readonly state: EngineState; readonly now: Instant };
  readonly #carriers = new Map<string, number>();
  readonly #budget: number[] = [];
  readonly #hours = new HourTables();
  readonly #ofZone = new Map<string, { readonly download: number; readonly install: number }>();

  constructor(around: { limits: Limits; state: EngineState; now: Instant }) {
    this.#around = around;
  }

  get tables(): Pick<OutlookSnapshot, 'carriers' | 'budget' | 'windows'> {
    return { carriers: [...this.#carriers.keys()], budget: Float32Array.from(this.#budget), windows: this.#hours.tables };
  }

  of(device: DeviceRecord | undefined): RowPlaces {
    const { limits } = this.#around;
    const { key, isKnown } = device ? carrierFor(device) : { key: NOWHERE, isKnown: false };
    const carrier = this.#carriers.get(key) ?? this.#newCarrier(key, limits.airtime * (isKnown ? 1 : UNKNOWN_CELL_FACTOR));
    const hasWindows = limits.downloadWindows !== undefined || limits.installWindows !== undefined;
    return { carrier, ...(device && hasWindows ? this.#windowsIn(zoneFor(limits.timeZone, device)) : { download: 0, install: 0 }) };
  }

  #newCarrier(key: string, airtime: number): number {
    const { state, now } = this.#around;
    const index = this.#carriers.size;
    this.#carriers.set(key, index);
    for (let hour = 0; hour < HOURS_OF_DAY; hour++)
      this.#budget.push(Math.min(airtime, state.ledger.carriers.budgetAt(key, plus(now, hour * HOUR))));
    return index;
  }

  #windowsIn(zone: Zone): { download: number; install: number } {
    const known = this.#ofZone.get(zone.name);
    if (known) return known;
    const { limits, now } = this.#around;
    const tableOf = (rules: readonly WindowRule[] | undefined): number => this.#hours.indexOf(openHours(rules, zone, now));
    const windows = { download: tableOf(limits.downloadWindows), install: tableOf(limits.installWindows) };
    this.#ofZone.set(zone.name, windows);
    return windows;
  }
}

function campaignOf(
  { document: { spec }, record }: OutlookSource,
  counts: readonly Count[],
  limits: Limits,
  now: Instant,
): CampaignOutlook {
  const { deadline, notBefore } = spec.schedule;
  return {
    name: record.name,
    imageBytes: record.plan.firmware.size,
    stages: record.stages.map((status, index) => stageOf(spec.stages[index]!, status, counts[index]!, now)),
    pace: limits.pace,
    maxInFlight: limits.budgets.maxInFlight,
    bytesPerSecond: limits.budgets.bytesPerSecond.total,
    startsMs: Math.max(0, (notBefore ?? now) - now),
    deadlineMs: deadline && deadline.at - now,
    afterDeadline: AFTER_DEADLINE[deadline?.behavior ?? 'FinishInFlight'],
  };
}

type StageSpec = LiveCampaign['document']['spec']['stages'][number];

/** A hold is taken for lifted, and a promotion for given: when a person decides, nobody can forecast. */
function stageOf({ name, soak, gate }: StageSpec, status: StageStatus, { size, succeeded, failed }: Count, now: Instant): StageOutlook {
  const { state, openedAt, soaksUntil } = status;
  const { min, minSample } = gateFor(gate, size).success;
  return {
    name,
    state: state === 'closed' || state === 'passed' ? state : 'open',
    openedMs: (openedAt ?? now) - now,
    soakedMs: state === 'soaking' ? (soaksUntil ?? now) - now : state === 'awaiting-promotion' ? 0 : undefined,
    soakMs: soak,
    min,
    minSample,
    succeeded,
    failed,
  };
}
