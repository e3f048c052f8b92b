import { DEFAULT_NAMESPACE, type Endpoint, type Instant, type Json, type Namespace } from '@drover/kernel';
import type { AuditDraft } from '@drover/audit';
import type { WrappedKey } from '@drover/credentials';
import type { DeviceRotation } from '@drover/rollout';
import type {
  BootstrapRecord,
  CampaignRecord,
  CarrierRecord,
  CredentialRecord,
  Changes,
  DeviceRecord,
  DocumentRecord,
  RotationRecord,
  TimelineRecord,
  UpdateRecord,
  Urgency,
} from '@drover/persistence';
import type { ToGateway } from '../link/messages.ts';
import { shared } from '../link/security.ts';
import type { LiveRotation } from '../rotation/live-rotation.ts';
import { draft } from './audit-drafts.ts';
import type { EngineState } from './engine-state.ts';

type Lists = { -readonly [K in keyof Changes]-?: NonNullable<Changes[K]>[number][] };

const emptyLists = (): Lists => ({
  documents: [],
  firmware: [],
  campaigns: [],
  planParts: [],
  carriers: [],
  calibrations: [],
  poolVolumes: [],
  devices: [],
  updates: [],
  dropUpdatesOf: [],
  approvals: [],
  holds: [],
  tokens: [],
  credentials: [],
  bootstraps: [],
  rotations: [],
  rotationParts: [],
  deviceRotations: [],
  dataKeys: [],
  sessions: [],
  dropSessions: [],
  timeline: [],
  treeHeads: [],
});

/** What one decision changes: rows, audit events, and the messages that may leave only after the commit. */
export class UnitOfWork {
  readonly changes = emptyLists();
  readonly events: AuditDraft[] = [];
  readonly messages: ToGateway[] = [];
  readonly now: Instant;
  readonly #state: EngineState;

  constructor(state: EngineState, now: Instant) {
    this.#state = state;
    this.now = now;
  }

  putDevice(device: DeviceRecord): void {
    this.#state.putDevice(device);
    this.changes.devices.push(device);
    // Before any offer of this unit: the gateway must know what kind of device it is for.
    this.messages.push(...this.#state.classes.news([device]));
  }

  putCarrier(carrier: CarrierRecord): void {
    this.#state.carriers.set(carrier.carrier, carrier);
    this.changes.carriers.push(carrier);
  }

  /** Bytes that have been moved over the air on a SIM of this pool. */
  addPoolVolume(pool: string, bytes: number): void {
    this.changes.poolVolumes.push(this.#state.addPoolVolume(pool, bytes, this.now));
  }

  /** The gateway learns of it after the commit, before anything that comes of it. */
  putCredential(credential: CredentialRecord): void {
    this.#state.credentials.put(credential);
    this.changes.credentials.push(credential);
    this.messages.push({ type: 'credentials', credentials: [shared(credential)] });
  }

  putBootstrap(record: BootstrapRecord): void {
    this.#state.bootstraps.put(record);
    this.changes.bootstraps.push(record);
  }

  putRotation(record: RotationRecord): void {
    this.#state.rotations.putRecord(record);
    this.changes.rotations.push(record);
  }

  putDeviceRotation({ book, record: { namespace, name, generation } }: LiveRotation, device: DeviceRotation): void {
    book.put(device);
    this.changes.deviceRotations.push({ ...device, namespace, rotation: name, generation });
  }

  /** Before whatever is sealed under it. */
  putDataKey(key: WrappedKey): void {
    const { id, purpose, under } = key;
    this.changes.dataKeys.push({ ...key, createdAt: this.now });
    this.audit(draft('data-key-made', this.now, { namespace: DEFAULT_NAMESPACE }, { key: id, purpose, under }));
    this.messages.push({ type: 'data-keys', keys: [key] });
  }

  putUpdate(update: UpdateRecord): void {
    this.#state.putUpdate(update, this.now);
    this.changes.updates.push(update);
  }

  putCampaign(record: CampaignRecord): void {
    this.#state.putCampaign(record);
    this.changes.campaigns.push(record);
  }

  note(namespace: Namespace, endpoint: Endpoint, kind: string, detail: Json): void {
    const entry: TimelineRecord = { namespace, endpoint, at: this.now, kind, detail };
    this.changes.timeline.push(entry);
  }

  /** What a class says counts at once for its devices; which devices those are now, `tellClasses` says. */
  putDocument(record: DocumentRecord): void {
    this.#state.putDocument(record);
    this.changes.documents.push(record);
    if (record.kind === 'DeviceClass') this.messages.push(this.#state.classes.settings);
  }

  audit(event: AuditDraft): void {
    this.events.push(event);
  }

  send(message: ToGateway): void {
    this.messages.push(message);
  }

  /** No event to prove, no message that waits for the commit, and nothing but what devices will tell again. */
  get urgency(): Urgency {
    const {
      devices: _devices,
      updates: _updates,
      timeline: _timeline,
      carriers: _carriers,
      calibrations: _calibrations,
      poolVolumes: _poolVolumes,
      sessions: _sessions,
      dropSessions: _dropSessions,
      ...others
    } = this.changes;
    const isToldAgain = Object.values(others).every((list) => list.length === 0);
    return this.events.length === 0 && this.messages.length === 0 && isToldAgain ? 'lazy' : 'now';
  }

  get isEmpty(): boolean {
    return this.events.length === 0 && this.messages.length === 0 && Object.values(this.changes).every((list) => list.length === 0);
  }
}
