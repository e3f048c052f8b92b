import type { Digest, Endpoint, Instant } from '@drover/kernel';
import { CampaignError, isOver, priorityOf, readDocument, type CampaignDocument, type DeviceClassDocument } from '@drover/campaign';
import { CredentialBook } from '@drover/credentials';
import { batteryOf, Carriers, Ledger, monthOf, NetworkHints, usedInMonth, type Battery, type PoolVolume } from '@drover/schedule';
import { holdsDevice, isSettled, type Away, type Tally } from '@drover/rollout';
import type {
  ApprovalRecord,
  CampaignRecord,
  CarrierRecord,
  DeviceRecord,
  DocumentRecord,
  FirmwareRecord,
  HoldRecord,
  TokenRecord,
  UpdateRecord,
} from '@drover/persistence';
import { BootstrapShelf } from '../bootstrap/bootstrap-shelf.ts';
import { BootstrapTemplates } from '../bootstrap/bootstrap-templates.ts';
import { RotationShelf } from '../rotation/live-rotation.ts';
import { AirtimeFollower } from './airtime-follower.ts';
import { CarrierLines } from './carrier-lines.ts';
import { AppointmentRecords } from './appointment-records.ts';
import { CostModels } from './cost-models.ts';
import { DeviceClasses } from './device-classes.ts';
import { DeviceShelf } from './device-shelf.ts';
import { ReviewQueue } from './review-queue.ts';
import type { Staged, StagedChange, StagedUnit } from './staged.ts';
import type { UpdateBook } from './update-book.ts';

/** A campaign with what is derived from its rows. */
export class LiveCampaign implements Staged {
  record: CampaignRecord;
  readonly document: CampaignDocument;
  readonly updates: UpdateBook;
  /** When to look at its updates again. */
  readonly reviews = new ReviewQueue();

  constructor(record: CampaignRecord, document: CampaignDocument, updates: UpdateBook) {
    this.record = record;
    this.document = document;
    this.updates = updates;
  }

  get spec(): CampaignDocument['spec'] {
    return this.document.spec;
  }

  get tallies(): readonly Tally[] {
    return this.updates.tallies;
  }

  get title(): string {
    return `campaign ${this.record.name}`;
  }

  get subject(): string {
    return this.record.name;
  }

  change(change: StagedChange, unit: StagedUnit): void {
    unit.putCampaign({ ...this.record, ...change });
  }

  /** After something has changed for all of its devices. In a stage that is closed nothing has begun that could change. */
  reviewSoon(): void {
    this.record.stages.forEach(({ state }, stage) => {
      if (state !== 'closed') this.#reviewStage(stage);
    });
  }

  /** When the end comes for those as well whose stage has not opened. */
  reviewAllSoon(): void {
    this.record.stages.forEach((_, stage) => this.#reviewStage(stage));
  }

  #reviewStage(stage: number): void {
    this.reviews.sweep(stage, this.record.plan.stages[stage]?.endpoints ?? []);
  }
}

/** One device in one campaign, with the key of the campaign. */
export interface Place {
  readonly key: string;
  readonly campaign: LiveCampaign;
  readonly update: UpdateRecord;
}

/** The place as it is now: what was done meanwhile may have changed its update. */
export function asNow(place: Place): Place {
  return { ...place, update: place.campaign.updates.get(place.update.endpoint) ?? place.update };
}

function deviceClassOf({ name, source }: DocumentRecord): DeviceClassDocument {
  const { document, faults } = readDocument(source);
  if (document?.kind !== 'DeviceClass') throw new CampaignError('SPEC_INVALID', `the stored class ${name} cannot be read`, faults);
  return document;
}

/** `namespace/name`: the key of everything that has a name. */
export const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** `namespace/kind/name`: the key of an applied document that is no campaign. */
export const documentKey = (namespace: string, kind: string, name: string): string => `${namespace}/${kind}/${name}`;

/**
 * What the engine knows, in memory. Derived from the database at start and never ahead of it for long: a change is
 * made here and queued for the writer in the same turn, and acted upon only after its commit.
 */
export class EngineState {
  readonly devices = new DeviceShelf();
  readonly campaigns = new Map<string, LiveCampaign>();
  readonly documents = new Map<string, DocumentRecord>();
  readonly firmware = new Map<string, FirmwareRecord>();
  readonly holds = new Map<string, HoldRecord>();
  readonly tokens = new Map<string, TokenRecord>();
  readonly credentials = new CredentialBook();
  /** What devices were given, and by which templates they are. */
  readonly bootstraps = new BootstrapShelf();
  readonly templates = new BootstrapTemplates();
  /** Rotations of keys. */
  readonly rotations = new RotationShelf();
  readonly approvals = new Map<string, ApprovalRecord[]>();
  /** What has been found out about carriers. */
  readonly carriers = new Map<string, CarrierRecord>();
  /** What updates have moved on the SIMs of each pool, in the last month in which they did. */
  readonly pools = new Map<string, PoolVolume>();
  /** What networks say of them. */
  readonly hints = new NetworkHints();
  readonly ledger = new Ledger(
    new Carriers((carrier, at) => Math.min(this.carriers.get(String(carrier))?.share ?? 1, this.hints.shareAt(carrier, at))),
  );
  readonly classes = new DeviceClasses();
  readonly models = new CostModels();
  readonly appointments = new AppointmentRecords();
  readonly #lines = new CarrierLines();
  readonly #airtime = new AirtimeFollower({
    ledger: this.ledger,
    deviceOf: ({ endpoint }) => this.devices.get(endpoint),
    blockSizeOf: ({ document }, device) => this.classes.blockSize(device, document.spec.delivery.blockSize.preferred),
    lines: this.#lines,
    model: () => this.models.cost,
  });
  /** Last moment at which a sleeper is expected to listen. */
  readonly awakeUntil = new Map<Endpoint, Instant>();
  /** Of any device, before this start. */
  lastHeardAt: Instant | undefined;
  /** Before this start: nothing was heard that a device may have said then. */
  away: Away | undefined;
  /** Campaigns that are not over: the highest priority first, among equals the older. */
  #active = new Map<string, LiveCampaign>();
  /** Withdrawn for good, whether or not a row still says so. */
  readonly #withdrawnInLog: ReadonlySet<Digest>;

  constructor(withdrawnInLog: Iterable<Digest> = []) {
    this.#withdrawnInLog = new Set(withdrawnInLog);
  }

  /** What its energy is counted against; none of a device that has none. */
  batteryOf(device: DeviceRecord): Battery | undefined {
    return batteryOf(device, this.models.cost.energy, this.classes.nameOf(device));
  }

  addPoolVolume(pool: string, bytes: number, now: Instant): PoolVolume {
    const volume = { pool, month: monthOf(now), bytes: usedInMonth(this.pools.get(pool), now) + bytes };
    this.pools.set(pool, volume);
    return volume;
  }

  /** As it comes from the database, where months that are over stay. */
  loadPool(volume: PoolVolume): void {
    const known = this.pools.get(volume.pool);
    if (known === undefined || known.month < volume.month) this.pools.set(volume.pool, volume);
  }

  putDevice(device: DeviceRecord): void {
    this.appointments.change(this.devices.get(device.endpoint), device);
    this.devices.set(device.endpoint, device);
  }

  /** As it comes from the database, when its campaigns have come. */
  loadDevice(device: DeviceRecord, now: Instant): void {
    this.appointments.change(undefined, device);
    const { lastContactAt } = device;
    if (lastContactAt !== undefined && lastContactAt > (this.lastHeardAt ?? 0)) this.lastHeardAt = lastContactAt;
    this.devices.load(device.endpoint, device);
    for (const campaign of this.#active.values()) {
      const update = campaign.updates.touchedOf(device.endpoint);
      if (update) this.#airtime.follow(campaign, update, now, device);
    }
  }

  addCampaign(key: string, campaign: LiveCampaign, now: Instant): void {
    const before = this.campaigns.get(key);
    this.removeCampaign(key, now);
    if (before !== campaign) before?.updates.forget();
    this.loadCampaign(key, campaign);
    if (isOver(campaign.record.life)) return;
    for (const update of campaign.updates.touched()) this.#airtime.follow(campaign, update, now);
  }

  /** As it comes from the database: what its devices hold of their carriers comes with these. */
  loadCampaign(key: string, campaign: LiveCampaign): void {
    this.campaigns.set(key, campaign);
    if (isOver(campaign.record.life)) return;
    this.#active.set(key, campaign);
    this.#active = new Map([...this.#active].sort(([, a], [, b]) => priorityOf(b.document.spec) - priorityOf(a.document.spec)));
    if (campaign.record.life.phase === 'aborting') campaign.reviewAllSoon();
    else campaign.reviewSoon();
  }

  /** Whoever goes first where campaigns share something comes first. */
  get active(): ReadonlyMap<string, LiveCampaign> {
    return this.#active;
  }

  removeCampaign(key: string, now: Instant): void {
    for (const update of this.campaigns.get(key)?.updates.touched() ?? []) this.#airtime.forget(update, now);
    this.campaigns.delete(key);
    this.#active.delete(key);
  }

  putCampaign(record: CampaignRecord): void {
    const key = keyOf(record.namespace, record.name);
    const live = this.campaigns.get(key);
    if (!live) return;
    live.record = record;
    if (isOver(record.life)) this.#active.delete(key);
  }

  putUpdate(update: UpdateRecord, now: Instant): void {
    const campaign = this.campaigns.get(keyOf(update.namespace, update.campaign));
    if (!campaign) return;
    this.#airtime.follow(campaign, update, now);
    campaign.updates.put(update);
  }

  /** After something has changed beside the update that bears on whether it waits for airtime. */
  followAirtime(campaign: LiveCampaign, update: UpdateRecord, now: Instant): void {
    this.#airtime.follow(campaign, update, now);
  }

  /** Updates of a device that are not settled: the highest priority first, among equals the older campaign. */
  openUpdatesOf(endpoint: Endpoint): Place[] {
    const places: Place[] = [];
    for (const [key, campaign] of this.#active) {
      const update = campaign.updates.get(endpoint);
      if (update && !isSettled(update)) places.push({ key, campaign, update });
    }
    return places;
  }

  /** Name of another campaign that has this device in its hands. */
  inFlightElsewhere(endpoint: Endpoint, ownKey: string): string | undefined {
    for (const [key, campaign] of this.#active) {
      if (key === ownKey) continue;
      const update = campaign.updates.get(endpoint);
      if (update && holdsDevice(update)) return campaign.record.name;
    }
    return undefined;
  }

  /** Whether a campaign of a higher priority is under way that still has devices to reach. */
  isOutranked({ document }: LiveCampaign): boolean {
    const own = priorityOf(document.spec);
    for (const { record, document: other, updates } of this.#active.values()) {
      // The highest come first.
      if (priorityOf(other.spec) <= own) return false;
      if (record.life.phase === 'running' && updates.isAnyWaiting) return true;
    }
    return false;
  }

  withdrawnDigests(): Set<Digest> {
    const inRows = [...this.firmware.values()].filter(({ withdrawnAt }) => withdrawnAt !== undefined).map(({ digest }) => digest);
    return new Set([...this.#withdrawnInLog, ...inRows]);
  }

  /** One that was removed leaves a row behind and nothing here. */
  putDocument(record: DocumentRecord): void {
    const { namespace, kind, name, removedAt } = record;
    if (removedAt === undefined) this.documents.set(documentKey(namespace, kind, name), record);
    else this.documents.delete(documentKey(namespace, kind, name));
    this.models.put(record);
    this.templates.put(record);
    if (kind !== 'DeviceClass') return;
    if (removedAt === undefined) this.classes.put(deviceClassOf(record));
    else this.classes.remove(namespace, name);
  }

  firmwareOf(namespace: string, name: string, version: string): FirmwareRecord | undefined {
    return this.firmware.get(`${namespace}/${name}/${version}`);
  }

  putFirmware(record: FirmwareRecord): void {
    this.firmware.set(`${record.namespace}/${record.name}/${record.version}`, record);
  }
}
