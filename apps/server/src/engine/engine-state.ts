import type { Digest, Endpoint, Instant } from '@drover/kernel';
import { CampaignError, readDocument, type CampaignDocument, type DeviceClassDocument } from '@drover/campaign';
import { Ledger } from '@drover/schedule';
import { EMPTY_TALLY, holdsDevice, isOver, tallyOf, type Away, type Tally } from '@drover/rollout';
import type {
  ApprovalRecord,
  CampaignRecord,
  DeviceRecord,
  DocumentRecord,
  FirmwareRecord,
  HoldRecord,
  TokenRecord,
  UpdateRecord,
} from '@drover/persistence';
import { AirtimeFollower } from './airtime-follower.ts';
import { DeviceClasses } from './device-classes.ts';

/** A campaign with what is derived from its rows. */
export interface LiveCampaign {
  record: CampaignRecord;
  readonly document: CampaignDocument;
  readonly updates: Map<Endpoint, UpdateRecord>;
  /** Recomputed from the updates after a change. */
  tallies: Tally[];
  isDirty: boolean;
}

/** One device in one campaign, with the key of the campaign. */
export interface Place {
  readonly key: string;
  readonly campaign: LiveCampaign;
  readonly update: UpdateRecord;
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
  readonly devices = new Map<Endpoint, DeviceRecord>();
  readonly campaigns = new Map<string, LiveCampaign>();
  readonly documents = new Map<string, DocumentRecord>();
  readonly firmware = new Map<string, FirmwareRecord>();
  readonly holds = new Map<string, HoldRecord>();
  readonly tokens = new Map<string, TokenRecord>();
  readonly approvals = new Map<string, ApprovalRecord[]>();
  readonly ledger = new Ledger();
  readonly classes = new DeviceClasses();
  readonly #airtime = new AirtimeFollower({
    ledger: this.ledger,
    deviceOf: ({ endpoint }) => this.devices.get(endpoint),
    blockSizeOf: ({ document }, device) => this.classes.blockSize(device, document.spec.delivery.blockSize.preferred),
  });
  /** Last moment at which a sleeper is expected to listen. */
  readonly awakeUntil = new Map<Endpoint, Instant>();
  /** Before this start: nothing was heard that a device may have said then. */
  away: Away | undefined;
  /** When to look at an update again, by campaign key and endpoint. */
  readonly reviews = new Map<string, Map<Endpoint, Instant>>();
  /** Endpoint → keys of campaigns that still wait for it, oldest first. */
  readonly #openCampaigns = new Map<Endpoint, string[]>();
  /** Withdrawn for good, whether or not a row still says so. */
  readonly #withdrawnInLog: ReadonlySet<Digest>;

  constructor(withdrawnInLog: Iterable<Digest> = []) {
    this.#withdrawnInLog = new Set(withdrawnInLog);
  }

  addCampaign(key: string, campaign: LiveCampaign, now: Instant): void {
    this.removeCampaign(key, now);
    this.campaigns.set(key, campaign);
    this.reviews.set(key, new Map());
    for (const update of campaign.updates.values()) {
      this.#index(key, update);
      this.#airtime.follow(campaign, update, now);
    }
  }

  removeCampaign(key: string, now: Instant): void {
    for (const update of this.campaigns.get(key)?.updates.values() ?? []) {
      this.#forget(update.endpoint, key);
      this.#airtime.forget(update, now);
    }
    this.campaigns.delete(key);
    this.reviews.delete(key);
  }

  putUpdate(update: UpdateRecord, now: Instant): void {
    const key = keyOf(update.namespace, update.campaign);
    const campaign = this.campaigns.get(key);
    if (!campaign) return;
    this.#airtime.follow(campaign, update, now);
    campaign.updates.set(update.endpoint, update);
    campaign.isDirty = true;
    this.#index(key, update);
  }

  /** Updates of a device that are not settled, in the order in which their campaigns came. */
  openUpdatesOf(endpoint: Endpoint): { readonly key: string; readonly campaign: LiveCampaign; readonly update: UpdateRecord }[] {
    return (this.#openCampaigns.get(endpoint) ?? []).flatMap((key) => {
      const campaign = this.campaigns.get(key);
      const update = campaign?.updates.get(endpoint);
      return campaign && update ? [{ key, campaign, update }] : [];
    });
  }

  /** Name of another campaign that has this device in its hands. */
  inFlightElsewhere(endpoint: Endpoint, ownKey: string): string | undefined {
    return this.openUpdatesOf(endpoint).find(({ key, update }) => key !== ownKey && holdsDevice(update))?.campaign.record.name;
  }

  talliesOf(campaign: LiveCampaign): Tally[] {
    if (!campaign.isDirty) return campaign.tallies;
    const byStage = campaign.record.stages.map((): UpdateRecord[] => []);
    for (const update of campaign.updates.values()) byStage[update.stage]?.push(update);
    campaign.tallies = byStage.map((updates) => (updates.length === 0 ? EMPTY_TALLY : tallyOf(updates)));
    campaign.isDirty = false;
    return campaign.tallies;
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
    if (kind !== 'DeviceClass') return;
    if (removedAt === undefined) this.classes.put(deviceClassOf(record));
    else this.classes.remove(namespace, name);
  }

  /** The policy that a campaign's start waits for; undefined where it asks for none, or where that has vanished. */
  approvalPolicyFor({ spec, metadata }: CampaignDocument): DocumentRecord | undefined {
    const wanted = spec.approvals.start?.policyRef;
    return wanted === undefined ? undefined : this.documents.get(documentKey(metadata.namespace, 'ApprovalPolicy', wanted));
  }

  firmwareOf(namespace: string, name: string, version: string): FirmwareRecord | undefined {
    return this.firmware.get(`${namespace}/${name}/${version}`);
  }

  putFirmware(record: FirmwareRecord): void {
    this.firmware.set(`${record.namespace}/${record.name}/${record.version}`, record);
  }

  #index(key: string, update: UpdateRecord): void {
    const keys = this.#openCampaigns.get(update.endpoint) ?? [];
    const known = keys.includes(key);
    if (isOver(update) && update.state !== 'unreachable') {
      if (known) this.#forget(update.endpoint, key);
    } else if (!known) this.#openCampaigns.set(update.endpoint, [...keys, key]);
  }

  #forget(endpoint: Endpoint, key: string): void {
    const rest = (this.#openCampaigns.get(endpoint) ?? []).filter((other) => other !== key);
    if (rest.length === 0) this.#openCampaigns.delete(endpoint);
    else this.#openCampaigns.set(endpoint, rest);
  }
}
