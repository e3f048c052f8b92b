import type { Instant } from '@drover/kernel';
import { textFact } from '@drover/fleet';
import {
  blockCost,
  budgetKeys,
  carrierFor,
  expectedCoverage,
  learnCoverage,
  linkOf,
  lossOf,
  ownLink,
  predictedVolume,
  smallAirtimeMs,
  transferCost,
  type Backlog,
  type CostModel,
  type DataReservation,
  type Holding,
  type Ledger,
  type WaitCode,
} from '@drover/schedule';
import { isBeforeOffer, isInterrupted, isTransferring } from '@drover/rollout';
import type { CampaignRecord, DeviceRecord, UpdateRecord } from '@drover/persistence';
import type { CampaignDocument } from '@drover/campaign';
import type { CarrierLines, Reviewed } from './carrier-lines.ts';

/** What ends these waits is the carrier, sooner or later; whoever waits for a person or another stage asks for no airtime yet. */
const IN_LINE: readonly WaitCode[] = [
  'ASLEEP',
  'CELL_BUDGET',
  'CELL_UNKNOWN',
  'RADIO_POOR',
  'APPOINTMENT',
  'WINDOW_CLOSED',
  'WINDOW_TOO_SHORT',
  'WAVE_CAP',
  'SITE_CAP',
  'CELL_CAP',
  'SERVER_BUDGET',
  'APN_BUDGET',
  'OPERATOR_BUDGET',
];

export function ledgerKey({ namespace, campaign, endpoint }: Pick<UpdateRecord, 'namespace' | 'campaign' | 'endpoint'>): string {
  return `${namespace}/${campaign}/${endpoint}`;
}

/** Under which what its transfers will move is summed up. */
export function campaignKeyOf({ namespace, campaign }: Pick<UpdateRecord, 'namespace' | 'campaign'>): string {
  return `${namespace}/${campaign}`;
}

/** What of a campaign bears on airtime. */
interface OfCampaign extends Reviewed {
  readonly record: CampaignRecord;
  readonly document: CampaignDocument;
}

/** Keeps the ledger in step with the updates: what one holds, what it has been promised, and whether it stands in line. */
export class AirtimeFollower {
  readonly #ledger: Ledger;
  readonly #deviceOf: (update: UpdateRecord) => DeviceRecord | undefined;
  readonly #blockSizeOf: (campaign: OfCampaign, device: DeviceRecord) => number;
  readonly #lines: CarrierLines;
  readonly #model: () => CostModel;

  constructor(parts: {
    ledger: Ledger;
    deviceOf: (update: UpdateRecord) => DeviceRecord | undefined;
    blockSizeOf: (campaign: OfCampaign, device: DeviceRecord) => number;
    lines: CarrierLines;
    model: () => CostModel;
  }) {
    this.#ledger = parts.ledger;
    this.#deviceOf = parts.deviceOf;
    this.#blockSizeOf = parts.blockSizeOf;
    this.#lines = parts.lines;
    this.#model = parts.model;
  }

  follow(campaign: OfCampaign, update: UpdateRecord, now: Instant, device = this.#deviceOf(update)): void {
    const key = ledgerKey(update);
    if (!device) return this.forget(update, now);
    this.#ledger.promise(key, update.promise, now);
    if (!isTransferring(update)) this.#release(key, now);
    else if (!this.#ledger.holds(key)) this.#ledger.hold(key, this.#holdingOf(campaign, update, device), now);
    this.#ledger.data.reserve(key, this.#reservationOf(campaign, update, device));
    const isInLine = standsInLine(campaign, update);
    if (isInLine !== this.#ledger.isAwaiting(key))
      this.#ledger.awaits(key, isInLine ? this.#backlogOf(campaign, update, device) : undefined);
    const isThere = isInLine && device.registration?.queueMode === false && update.reason?.code === 'CELL_BUDGET';
    if (isThere) this.#lines.join(key, { carrier: carrierFor(device).key, endpoint: update.endpoint, campaign });
    else this.#lines.leave(key);
  }

  forget(update: UpdateRecord, now: Instant): void {
    const key = ledgerKey(update);
    this.#ledger.promise(key, undefined, now);
    this.#lines.leave(key);
    this.#release(key, now);
    this.#ledger.data.reserve(key, undefined);
    this.#ledger.awaits(key, undefined);
  }

  /** What it leaves is offered at once to those who are there and wait for it. */
  #release(key: string, now: Instant): void {
    const carrier = this.#ledger.release(key, now);
    if (carrier !== undefined) this.#lines.pull(carrier, now);
  }

  /** A row of before transfers were kept there stands for a firm one: better too much than too little. */
  #holdingOf(campaign: OfCampaign, update: UpdateRecord, device: DeviceRecord): Holding {
    const model = this.#model();
    const link = ownLink(linkOf(device, this.#blockSizeOf(campaign, device)), device.transfers, model);
    const { share, duration } = blockCost(link, model);
    const left = transferCost(bytesLeft(campaign, update), link, { model }).duration;
    const from = update.since;
    const transfer = update.transfer ?? {
      booking: { carrier: carrierFor(device).key, from, until: from + left, share },
      share,
      isFirm: true,
    };
    return {
      transfer,
      bytesPerSecond: ((link.blockSize + model.radio.overheadBytes) * 1000) / duration,
      keys: budgetKeys({ device, campaign: update.campaign, stage: update.stage }),
    };
  }

  /** Under way is also what sleep or loss has interrupted: half of it would be for nothing. */
  #reservationOf(campaign: OfCampaign, update: UpdateRecord, device: DeviceRecord): DataReservation | undefined {
    if (!isTransferring(update) && !isInterrupted(update)) return undefined;
    const blockSize = this.#blockSizeOf(campaign, device);
    const bytes = predictedVolume(bytesLeft(campaign, update), { blockSize }, { pattern: device.transfers, model: this.#model() });
    return { campaign: campaignKeyOf(update), pool: textFact(device, 'sim.pool'), bytes };
  }

  #backlogOf(campaign: OfCampaign, update: UpdateRecord, device: DeviceRecord): Backlog {
    const ce = expectedCoverage(device.coverage ?? learnCoverage(undefined, lossOf(device)));
    const link = { ...linkOf(device, this.#blockSizeOf(campaign, device)), ce };
    return { carrier: carrierFor(device).key, smallAirtimeMs: smallAirtimeMs(bytesLeft(campaign, update), link, this.#model()) };
  }
}

function bytesLeft({ record }: OfCampaign, { offset }: UpdateRecord): number {
  return Math.max(1, record.plan.firmware.size - offset);
}

function standsInLine({ record }: OfCampaign, update: UpdateRecord): boolean {
  const stage = record.stages[update.stage]?.state;
  if (!isBeforeOffer(update) || record.life.phase !== 'running' || stage === undefined || stage === 'closed') return false;
  return update.reason === undefined || IN_LINE.includes(update.reason.code);
}
