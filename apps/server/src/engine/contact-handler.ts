import { DEFAULT_NAMESPACE, plus, type Endpoint, type Instant } from '@drover/kernel';
import { compareVersions, mergeFacts, type Facts } from '@drover/fleet';
import { versionIn } from '@drover/campaign';
import { learnContact, learnCoverage, lossOf, SAME_WAKE_UP, type WaitCode } from '@drover/schedule';
import { isLookDue, isSettled, isTransferring } from '@drover/rollout';
import type { DeviceRecord, RegistrationRecord } from '@drover/persistence';
import type { FromGateway } from '../link/messages.ts';
import { meet } from './appointments.ts';
import { draft } from './audit-drafts.ts';
import { runningVersion } from './component-versions.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import { documentKey } from './engine-state.ts';
import type { UnitOfWork } from './unit-of-work.ts';

type Contact = Extract<FromGateway, { type: 'contact' }>;
type Lapsed = Extract<FromGateway, { type: 'lapsed' }>;
type FactsRead = Extract<FromGateway, { type: 'facts' }>;

/** MAX_TRANSMIT_WAIT with default CoAP parameters: how long a queue-mode device listens after an exchange. */
export const AWAKE_MS = 93_000;
/** Finding of a registration that came from a new address; the last one counts. */
const REPLACED = 'REGISTERED_ELSEWHERE';
/** Reasons to wait that only a fresh reading of the device can end. */
const OF_FACTS: readonly WaitCode[] = ['BATTERY_FLOOR', 'BATTERY_FAULT', 'RADIO_POOR', 'FACT_UNKNOWN'];
/** Battery and radio older than this are read again before a decision rests on them. */
const FACTS_FRESH_MS = 24 * 3_600_000;

/** A contact in, an admission out: sleepers are served while they are awake, never by a tick. */
export class ContactHandler {
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;
  readonly #rereading = new Set<Endpoint>();

  constructor(engine: Engine, stepper: DeviceStepper) {
    this.#engine = engine;
    this.#stepper = stepper;
  }

  onContact(contact: Contact): Promise<void> {
    return this.#engine.change((unit) => {
      const before = this.#engine.state.devices.get(contact.endpoint) ?? this.#welcome(contact.endpoint, unit);
      const at = contact.at;
      const heard: DeviceRecord = {
        ...before,
        pattern: learnContact(before.pattern, at),
        lastContactAt: at,
        registration: registrationAfter(before.registration, contact),
      };
      unit.putDevice(heard);
      const device =
        contact.kind === 'deregister' ? heard : meet(heard, { at, isTransferring: () => this.#transfers(contact.endpoint) }, unit);
      unit.note(
        device.namespace,
        device.endpoint,
        contact.kind,
        contact.registration ? { address: contact.registration.address, queueMode: contact.registration.queueMode } : {},
      );
      if (contact.replaced !== undefined) this.#replaced(device, contact.replaced, unit);
      if (contact.kind === 'deregister') return;
      this.stayAwake(contact.endpoint, at);
      if (contact.kind === 'register') this.#registered(contact.endpoint, unit);
      this.#lookAgain(device, contact, before.pattern?.lastAt, unit);
      if (this.#mustReadFirst(device, contact, unit.now)) unit.send({ type: 'read-facts', endpoint: device.endpoint });
      else this.#stepper.step(device.endpoint, unit);
    });
  }

  /** Its lifetime is over: nobody can say where it is, until it registers again. */
  onLapsed({ endpoint }: Lapsed): Promise<void> {
    return this.#engine.change((unit) => {
      const device = this.#engine.state.devices.get(endpoint);
      if (!device?.registration) return;
      unit.putDevice({ ...device, registration: undefined });
      unit.note(device.namespace, endpoint, 'lapsed', { lifetimeS: device.registration.lifetimeS });
    });
  }

  /**
   * Without credentials anyone may claim to be this device, and every device that comes back from a reboot looks like
   * that: it is taken in, written down once as a finding and each time in the audit log.
   */
  #replaced(device: DeviceRecord, from: string, unit: UnitOfWork): void {
    const to = device.registration?.address ?? '';
    const subject = { namespace: device.namespace, endpoint: device.endpoint, actor: { type: 'device', id: device.endpoint } } as const;
    unit.audit(draft('registration-replaced', unit.now, subject, { from, to }));
    const finding = { at: unit.now, code: REPLACED, text: `registered from ${to} while its registration at ${from} was alive` };
    unit.putDevice({ ...device, findings: [...device.findings.filter(({ code }) => code !== REPLACED), finding] });
  }

  /** Facts arrive after a Register and after `read-facts`; the decision that waited for them follows. */
  onFacts({ endpoint, at, facts }: FactsRead): Promise<void> {
    return this.#engine.change((unit) => {
      const before = this.#engine.state.devices.get(endpoint);
      if (!before) return;
      const news: Facts = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, { value, at }]));
      const read = { ...before, facts: mergeFacts(before.facts, news) };
      const device = tellsRadio(facts) ? { ...read, coverage: learnCoverage(before.coverage, lossOf(read)) } : read;
      unit.putDevice(device);
      this.stayAwake(endpoint, at);
      if (this.#readsElsewhereNow(before, device)) return unit.send({ type: 'read-facts', endpoint });
      this.#lateFinding(device, unit);
      this.#stepper.step(endpoint, unit);
    });
  }

  #transfers(endpoint: Endpoint): boolean {
    return this.#engine.state.openUpdatesOf(endpoint).some(({ update }) => isTransferring(update));
  }

  stayAwake(endpoint: Endpoint, at: Instant): void {
    const { state } = this.#engine;
    const known = state.awakeUntil.get(endpoint) ?? 0;
    const device = state.devices.get(endpoint);
    const awakeMs = (device && state.classes.specOf(device)?.awake) ?? AWAKE_MS;
    state.awakeUntil.set(endpoint, Math.max(known, at + awakeMs) as Instant);
  }

  /**
   * These facts have shown that its class reads the version elsewhere: the version among them means nothing, and is read
   * again once. Twice would be for ever, where each version leads to a class that looks for it in another place.
   */
  #readsElsewhereNow(before: DeviceRecord, device: DeviceRecord): boolean {
    if (this.#rereading.delete(device.endpoint)) return false;
    const { classes } = this.#engine.state;
    if (classes.specOf(before)?.lwm2m?.versionFrom === classes.specOf(device)?.lwm2m?.versionFrom) return false;
    this.#rereading.add(device.endpoint);
    return true;
  }

  /** In the namespace of its credential, where it has one. */
  #welcome(endpoint: Endpoint, unit: UnitOfWork): DeviceRecord {
    const namespace = this.#engine.state.credentials.of(endpoint)[0]?.namespace ?? DEFAULT_NAMESPACE;
    unit.audit(draft('device-registered', unit.now, { namespace, endpoint, actor: { type: 'device', id: endpoint } }, {}));
    return {
      namespace,
      endpoint,
      labels: {},
      facts: {},
      firstSeenAt: unit.now,
      lastContactAt: undefined,
      registration: undefined,
      pattern: undefined,
      findings: [],
    };
  }

  #registered(endpoint: Endpoint, unit: UnitOfWork): void {
    for (const place of this.#engine.state.openUpdatesOf(endpoint)) this.#stepper.moves.apply(place, { type: 'registered' }, unit);
  }

  #lookAgain(device: DeviceRecord, { kind, at }: Contact, previousAt: Instant | undefined, unit: UnitOfWork): void {
    for (const place of this.#engine.state.openUpdatesOf(device.endpoint))
      if (isLookDue(place.update, { isRegister: kind === 'register', at, previousAt })) this.#stepper.look(place, device, unit);
  }

  /** The gateway reads after every Register by itself, and its facts bring the device back here. */
  #mustReadFirst(device: DeviceRecord, contact: Contact, now: Instant): boolean {
    if (contact.kind === 'register') return false;
    const waits = this.#engine.state
      .openUpdatesOf(device.endpoint)
      .some(({ update }) => update.state === 'pending' || update.state === 'waiting' || update.state === 'downloaded');
    const battery = device.facts['battery.level'] ?? device.facts['power.mains'] ?? device.facts.model;
    if (!waits || contact.kind !== 'update') return false;
    if (this.#waitsForFacts(device, contact)) return true;
    return battery === undefined || plus(battery.at, FACTS_FRESH_MS) < now || this.#hasVersionFromElsewhere(device);
  }

  /** What keeps it waiting may have changed since: a battery that was loaded, a better signal. Asked once per wake-up. */
  #waitsForFacts({ endpoint, facts }: DeviceRecord, { at }: Contact): boolean {
    const readAt = Math.max(facts['battery.level']?.at ?? 0, facts['radio.ce']?.at ?? 0, facts.model?.at ?? 0);
    if (at - readAt < SAME_WAKE_UP) return false;
    return this.#engine.state.openUpdatesOf(endpoint).some(({ update }) => update.reason && OF_FACTS.includes(update.reason.code));
  }

  /** It was read before somebody said where the version of such a device stands. */
  #hasVersionFromElsewhere(device: DeviceRecord): boolean {
    const { classes, documents } = this.#engine.state;
    const known = classes.of(device);
    if (known?.spec.lwm2m?.versionFrom === undefined) return false;
    const record = documents.get(documentKey(device.namespace, 'DeviceClass', known.metadata.name));
    return record !== undefined && (device.facts.firmwareVersion?.at ?? 0) < record.appliedAt;
  }

  /** What a device shows after its update was closed is a finding on the device, not a change of the old update. */
  #lateFinding(device: DeviceRecord, unit: UnitOfWork): void {
    const findings = [...device.findings];
    for (const campaign of this.#engine.state.campaigns.values()) {
      const update = campaign.updates.get(device.endpoint);
      if (!update || !isSettled(update) || update.attempt === 0) continue;
      const version = versionIn(runningVersion(campaign.document.spec, device));
      if (version === undefined) continue;
      const { expectedVersion } = this.#stepper.views.rulesOf(campaign);
      const runsIt = version === expectedVersion || compareVersions(version, expectedVersion) === 0;
      const code =
        runsIt && update.state === 'failed'
          ? 'LATE_SUCCESS'
          : !runsIt && update.state === 'succeeded' && version === update.versionBefore
            ? 'FELL_BACK'
            : undefined;
      const about = `after campaign ${campaign.record.name} ended`;
      if (code === undefined || findings.some((finding) => finding.code === code && finding.text.includes(about))) continue;
      const text = `runs ${version} ${about} as ${update.state}`;
      findings.push({ at: unit.now, code, text });
      unit.putDevice({ ...device, findings: [...findings] });
      unit.audit(
        draft(
          'device-finding',
          unit.now,
          { namespace: device.namespace, endpoint: device.endpoint, campaign: campaign.record.name },
          { code, text },
        ),
      );
    }
  }
}

function tellsRadio(facts: FactsRead['facts']): boolean {
  return facts['radio.rsrp'] !== undefined || facts['radio.ce'] !== undefined;
}

function registrationAfter(known: RegistrationRecord | undefined, { kind, registration, at }: Contact): RegistrationRecord | undefined {
  if (kind === 'deregister') return undefined;
  if (!registration) return known;
  const { endpoint: _, ...rest } = registration;
  return { ...rest, registeredAt: kind === 'register' ? at : (known?.registeredAt ?? at), refreshedAt: at };
}
