import type { Instant } from '@drover/kernel';
import { Clock, DEFAULT_NAMESPACE, Endpoint, Entropy, instantOf, must, plus, type Digest, type Json } from '@drover/kernel';
import type { AuditDraft } from '@drover/audit';
import { readDocument, type DroverDocument } from '@drover/campaign';
import type { ImageDigest } from '@drover/firmware-store';
import type { BlobReader } from '@drover/firmware-store/stores';
import { BlobStore } from '@drover/firmware-store/stores';
import type { Changes, DeviceRecord, UpdateRecord, Urgency } from '@drover/persistence';
import { createLogger } from '@drover/platform';
import { aCampaign, aDeviceRecord, aRegistration, aRelease, type Release } from '@drover/testkit';
import { attemptKey } from '../../apps/server/src/engine/attempt.ts';
import type { Actor } from '../../apps/server/src/engine/audit-drafts.ts';
import { CampaignControl } from '../../apps/server/src/engine/campaign-control.ts';
import { Campaigns } from '../../apps/server/src/engine/campaigns.ts';
import { ContactHandler } from '../../apps/server/src/engine/contact-handler.ts';
import { DeviceStepper } from '../../apps/server/src/engine/device-stepper.ts';
import { ChangeWriter, Engine } from '../../apps/server/src/engine/engine.ts';
import { EngineState, keyOf, type LiveCampaign } from '../../apps/server/src/engine/engine-state.ts';
import { RollbackDesk } from '../../apps/server/src/engine/rollback-desk.ts';
import { RotationDesk } from '../../apps/server/src/rotation/rotation-desk.ts';
import { RolloutTicker } from '../../apps/server/src/engine/rollout-ticker.ts';
import { TrustDesk } from '../../apps/server/src/engine/trust-desk.ts';
import { UpdateDesk } from '../../apps/server/src/engine/update-desk.ts';
import { UpdateFactHandler } from '../../apps/server/src/engine/update-fact-handler.ts';
import { Link } from '../../apps/server/src/link/link.ts';
import type { FromGateway, ToGateway, UpdateFact } from '../../apps/server/src/link/messages.ts';

export const NOW = instantOf('2026-12-01T01:00:00Z');
export const ANN: Actor = { type: 'person', id: 'ann' };

/** Commits at once, or when the test says so; a failing disk is `fails`. */
export class TestWriter extends ChangeWriter {
  readonly commits: { readonly changes: Changes; readonly events: readonly AuditDraft[]; readonly urgency: Urgency | undefined }[] = [];
  fails: Error | undefined;
  readonly #waiting: (() => void)[] = [];
  #isHeld = false;

  async commit(changes: Changes, events: readonly AuditDraft[], urgency?: Urgency): Promise<void> {
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.fails) throw this.fails;
    this.commits.push({ changes, events, urgency });
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Types of all audit events so far. */
  get audited(): string[] {
    return this.commits.flatMap(({ events }) => events.map(({ type }) => type));
  }
}

export class RecordingLink extends Link<ToGateway, FromGateway> {
  readonly sent: ToGateway[] = [];

  send(message: ToGateway): void {
    this.sent.push(message);
  }

  onMessage(): void {
    // Tests call the handlers themselves.
  }

  get types(): string[] {
    return this.sent.map(({ type }) => type);
  }
}

class TestClock extends Clock {
  at: Instant = NOW;
  now(): Instant {
    return this.at;
  }
  pass(ms: number): void {
    this.at = plus(this.at, ms);
  }
}

class CountingEntropy extends Entropy {
  #count = 0;
  bytes(count: number): Uint8Array {
    return Buffer.alloc(count, ++this.#count);
  }
}

/** Knows a few images and no bytes of them. */
class KnownImages extends BlobStore {
  readonly images = new Map<Digest, ImageDigest>();
  constructor(first: ImageDigest) {
    super();
    this.add(first);
  }
  add(image: ImageDigest): void {
    this.images.set(image.digest, image);
  }
  measure = (digest: Digest): Promise<ImageDigest> => Promise.resolve(must(this.images.get(digest), digest));
  has = (digest: Digest): Promise<boolean> => Promise.resolve(this.images.has(digest));
  put = (): Promise<ImageDigest> => Promise.reject(new TypeError('nothing is put here'));
  open = (): Promise<BlobReader> => Promise.reject(new TypeError('nothing is open here'));
  delete = (): Promise<void> => Promise.resolve();
  async *list(): AsyncIterable<Digest> {
    yield* this.images.keys();
  }
}

const documentOf = (source: Json): DroverDocument => must(readDocument(source).document, 'a document without faults');

/** The engine over a small state: no database, no gateway, a clock that stands until it is told. */
export class TestEngine {
  readonly state = new EngineState();
  readonly writer = new TestWriter();
  readonly link = new RecordingLink();
  readonly clock = new TestClock();
  readonly entropy = new CountingEntropy();
  readonly release = aRelease();
  readonly engine = new Engine({
    state: this.state,
    clock: this.clock,
    log: createLogger('silent', 'test'),
    epoch: 3,
    secrets: { pull: Buffer.alloc(32, 1) },
    writer: this.writer,
    link: this.link,
  });
  readonly trust = new TrustDesk(this.state);
  readonly stepper = new DeviceStepper(this.engine, this.trust);
  readonly ticker = new RolloutTicker(this.engine, this.stepper);
  readonly contacts = new ContactHandler(this.engine, this.stepper);
  readonly updates = new UpdateFactHandler({ engine: this.engine, stepper: this.stepper, contacts: this.contacts, ticker: this.ticker });
  readonly control = new CampaignControl(this.engine, this.ticker.stages);
  readonly #images = new KnownImages({ digest: this.release.digest, size: this.release.image.length });
  readonly rotations = new RotationDesk(this.engine);
  readonly campaigns = new Campaigns({ engine: this.engine, trust: this.trust, blobs: this.#images, rotations: this.rotations });
  readonly decisions = new UpdateDesk(this.engine, this.stepper);
  readonly rollbacks = new RollbackDesk({ engine: this.engine, campaigns: this.campaigns, trust: this.trust, ticker: this.ticker });

  /** Devices that are registered, listen, and run 1.0.0. */
  withDevices(...names: string[]): this {
    for (const name of names)
      this.putDevice(aDeviceRecord(name, {}, { registration: aRegistration({ refreshedAt: NOW }), lastContactAt: NOW }));
    return this;
  }

  device(name = 'd'): DeviceRecord {
    return must(this.state.devices.get(Endpoint(name)), name);
  }

  putDevice(device: DeviceRecord): void {
    this.state.devices.set(device.endpoint, device);
  }

  /** Image and policy, as if an upload had been accepted. */
  withFirmware(): this {
    this.#put('2.0.0', this.release);
    return this.withPolicy('release');
  }

  /** Version 1.0.0 beside it, and what the policy says of going back. */
  withOlderFirmware(downgrade: Record<string, Json>): this {
    const older = aRelease(Buffer.alloc(1024, 3), { version: '1.0.0', sequenceNumber: 1 });
    this.#images.add({ digest: older.digest, size: older.image.length });
    this.#put('1.0.0', older);
    const keys = [this.release, older].flatMap(({ policy }) => (policy.roles as { publisher: { keys: string[] } }).publisher.keys);
    return this.withPolicy('release', { roles: { publisher: { keys, threshold: 1 } }, ...downgrade });
  }

  #put(version: string, { digest, image, envelope }: Release): void {
    this.state.putFirmware({
      namespace: DEFAULT_NAMESPACE,
      name: 'fw',
      version,
      digest,
      size: image.length,
      envelope: Buffer.from(envelope).toString('base64'),
      pushedAt: NOW,
      pushedBy: 'bob',
      withdrawnAt: undefined,
      withdrawnReason: undefined,
    });
  }

  withPolicy(name: string, spec: Record<string, Json> = { roles: this.release.policy.roles }): this {
    const source: Json = { apiVersion: 'drover/v1', kind: 'ReleasePolicy', metadata: { name }, spec };
    this.state.documents.set(`default/ReleasePolicy/${name}`, {
      namespace: DEFAULT_NAMESPACE,
      kind: 'ReleasePolicy',
      name,
      generation: 1,
      digest: this.release.digest,
      source,
      appliedAt: NOW,
      appliedBy: 'bob',
    });
    return this;
  }

  /** Applied, started, its first stage open; whoever can be reached has its offer. */
  async running(spec: Record<string, Json> = {}, name = 'c'): Promise<LiveCampaign> {
    const everybody = { stages: [{ name: 'all', take: '100%' }] };
    await this.campaigns.apply([documentOf(aCampaign({ ...everybody, ...spec }, name).source)], ANN, undefined);
    for (let round = 0; round < 4; round++) {
      await this.ticker.tick();
      this.clock.pass(1);
    }
    return must(this.state.campaigns.get(keyOf('default', name)), name);
  }

  update(name = 'd', campaign = 'c'): UpdateRecord {
    return must(this.state.campaigns.get(keyOf('default', campaign))?.updates.get(Endpoint(name)), `update of ${name}`);
  }

  /** What the gateway tells about the current attempt of a device. */
  tell(fact: UpdateFact, name = 'd', attempt = attemptKey(this.update(name))): Promise<void> {
    return this.updates.onUpdate({ type: 'update', endpoint: Endpoint(name), attempt, at: this.clock.now(), fact });
  }

  contact(kind: 'register' | 'update' | 'deregister', name = 'd', replaced?: string): Promise<void> {
    const at = this.clock.now();
    const { registeredAt: _, ...told } = aRegistration({ refreshedAt: at });
    const registration = kind === 'deregister' ? undefined : { ...told, endpoint: Endpoint(name) };
    return this.contacts.onContact({ type: 'contact', endpoint: Endpoint(name), kind, at, registration, replaced });
  }
}
