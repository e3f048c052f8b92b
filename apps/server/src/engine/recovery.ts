import type { Instant } from '@drover/kernel';
import { isOver as isCampaignOver } from '@drover/campaign';
import { needsCredential } from '@drover/credentials';
import { carrierFor, nextContact, windowState, zoneFor, type WaitReason } from '@drover/schedule';
import { isInFlight, isSettled } from '@drover/rollout';
import type { DataKeyRecord, DeviceRecord, DtlsSessionRecord, Snapshot, UpdateRecord } from '@drover/persistence';
import type { OfferOrder, PullToken, RestoredRegistration } from '../link/messages.ts';
import { isSecured, shared } from '../link/security.ts';
import { LiveRotation } from '../rotation/live-rotation.ts';
import { attemptKey, pullToken } from './attempt.ts';
import { beginningOf } from './campaign-maker.ts';
import { documentOf } from './campaigns.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import { EngineState, keyOf, LiveCampaign, type Place } from './engine-state.ts';
import { holdOver } from './holds.ts';
import type { LoggedTrust } from './logged-trust.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import { UpdateBook } from './update-book.ts';

/** Memory from the database. Ledgers, queues and timers are derived; nothing else is kept anywhere. */
export async function stateFrom(snapshot: Snapshot, trust: LoggedTrust, now: Instant): Promise<EngineState> {
  const state = new EngineState(trust.withdrawnDigests);
  for (const document of snapshot.documents) {
    trust.requireAsApplied(document);
    state.putDocument(document);
  }
  for (const firmware of snapshot.firmware) state.putFirmware(trust.firmware(firmware));
  for (const carrier of snapshot.carriers) state.carriers.set(carrier.carrier, carrier);
  for (const calibration of snapshot.calibrations) state.models.load(calibration);
  for (const volume of snapshot.poolVolumes) state.loadPool(volume);
  for (const hold of snapshot.holds) state.holds.set(hold.id, hold);
  for (const token of snapshot.tokens) state.tokens.set(token.id, token);
  for await (const credential of snapshot.credentials) state.credentials.put(credential);
  for await (const bootstrap of snapshot.bootstraps) state.bootstraps.put(bootstrap);
  for (const record of snapshot.rotations) state.rotations.add(new LiveRotation(record));
  for await (const device of snapshot.deviceRotations) {
    const rotation = state.rotations.get(device.namespace, device.rotation);
    // Rows of a rotation of that name that came before stay, and count no more.
    if (rotation?.record.generation === device.generation) rotation.book.put(device);
  }
  for (const approval of snapshot.approvals) {
    const key = keyOf(approval.namespace, approval.campaign);
    state.approvals.set(key, [...(state.approvals.get(key) ?? []), approval]);
  }
  for (const [key, campaign] of await campaignsFrom(snapshot)) state.loadCampaign(key, campaign);
  // Last, each with all that is planned for it: to ask a million devices a second time takes as long as to read them.
  for await (const device of snapshot.devices) state.loadDevice(device, now);
  return state;
}

async function campaignsFrom({ campaigns, updates }: Snapshot): Promise<Map<string, LiveCampaign>> {
  const found = new Map<string, LiveCampaign>();
  for (const record of campaigns) {
    const document = documentOf(record);
    const book = UpdateBook.of(beginningOf(record, document), record.plan);
    found.set(keyOf(record.namespace, record.name), new LiveCampaign(record, document, book));
  }
  for await (const update of updates) found.get(keyOf(update.namespace, update.campaign))?.updates.put(update);
  return found;
}

const PHASE_OF: Partial<Record<UpdateRecord['state'], OfferOrder['phase']>> = {
  offered: 'transfer',
  downloading: 'transfer',
  downloaded: 'install',
  installing: 'install',
  verifying: 'install',
  suspect: 'install',
  cancelling: 'cancel',
};

/** Devices in one message, and in one turn of the event loop. */
const IN_ONE_MESSAGE = 100;
const AT_ONCE = 2000;

/**
 * After a start the gateway knows nothing: it gets registrations, withdrawals, the tokens of pulls, and each update that
 * is in flight. The device is the truth: every such conversation begins by reading it. All of it is on the disk already.
 */
export async function recover(engine: Engine, stepper: DeviceStepper, sealed: Sealed): Promise<void> {
  const { state } = engine;
  state.away = state.lastHeardAt === undefined ? undefined : { from: state.lastHeardAt, until: engine.clock.now() };
  engine.tell({ type: 'withdrawn', digests: [...state.withdrawnDigests()] });
  for (const token of inPieces(tokensIn(engine), IN_ONE_MESSAGE)) engine.tell({ type: 'restore', registrations: [], tokens: token });
  engine.tell(state.classes.settings);
  await tellSecurity(engine, sealed);
  for (const devices of inPieces(state.devices.values(), AT_ONCE)) {
    for (const registrations of inPieces(registrationsOf(devices, state), IN_ONE_MESSAGE))
      engine.tell({ type: 'restore', registrations, tokens: [] });
    for (const message of state.classes.news(devices)) engine.tell(message);
    await new Promise((resolve) => setImmediate(resolve));
  }
  engine.tell({ type: 'open' });
  await engine.change((unit) => {
    for (const [key, campaign] of state.campaigns) {
      if (isCampaignOver(campaign.record.life)) continue;
      for (const update of campaign.updates.inFlight()) adopt({ key, campaign, update }, { engine, stepper, unit });
    }
  });
}

/** What only the gateway opens. */
export interface Sealed {
  readonly dataKeys: readonly DataKeyRecord[];
  readonly sessions: AsyncIterable<DtlsSessionRecord> | Iterable<DtlsSessionRecord>;
}

/** Of a server on whose disk nothing is sealed. */
export const NOTHING_SEALED: Sealed = { dataKeys: [], sessions: [] };

/** Keys first, then what is under them. */
async function tellSecurity(engine: Engine, { dataKeys, sessions }: Sealed): Promise<void> {
  engine.tell({ type: 'data-keys', keys: dataKeys });
  for (const credentials of inPieces(engine.state.credentials.values(), AT_ONCE)) {
    engine.tell({ type: 'credentials', credentials: credentials.map(shared) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  let piece: DtlsSessionRecord[] = [];
  for await (const session of sessions) {
    if (piece.push(session) < AT_ONCE) continue;
    engine.tell({ type: 'restore-sessions', sessions: piece });
    piece = [];
  }
  engine.tell({ type: 'restore-sessions', sessions: piece });
}

function* inPieces<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let piece: T[] = [];
  for (const item of items) {
    if (piece.push(item) < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

function adopt(place: Place, { engine, stepper, unit }: { engine: Engine; stepper: DeviceStepper; unit: UnitOfWork }): void {
  const phase = PHASE_OF[place.update.state];
  const device = engine.state.devices.get(place.update.endpoint);
  if (!phase || !device || !isInFlight(place.update)) return;
  const { spec } = place.campaign.document;
  const window = windowState(spec.schedule.windows.download, zoneFor(spec.schedule.timeZone, device), unit.now);
  if (phase === 'transfer' && !window.open) {
    const reason: WaitReason = {
      code: 'WINDOW_CLOSED',
      evidence: 'the window closed while the server was down',
      nextAt: window.opensAt ?? nextContact(device.pattern, unit.now),
    };
    stepper.moves.apply(place, { type: 'session-lost', offset: place.update.offset, reason }, unit);
    return;
  }
  const notAfter = window.open && phase === 'transfer' ? window.closesAt : undefined;
  const order = stepper.orderFor(place, device, {
    phase,
    carrier: carrierFor(device).key,
    budget: spec.bandwidth.perCell.airtime,
    notAfter,
  });
  if (!order) return;
  // A hold outlives the server: its gateway must not begin with a block.
  if (phase === 'transfer' && holdOver(engine.state, place.campaign.record))
    unit.send({ type: 'suspend', attempt: attemptKey(place.update), endpoint: place.update.endpoint, epoch: engine.epoch });
  unit.send({ type: 'offer', order });
}

function* registrationsOf(devices: readonly DeviceRecord[], { credentials }: EngineState): Generator<RestoredRegistration> {
  for (const { endpoint, registration } of devices) {
    // A row of an older release may have no list: its device is told 4.04 and registers again.
    if (registration?.links === undefined) continue;
    // It registered before it had a credential: whoever that was, it counts no more.
    if (!isSecured(registration.address) && needsCredential(endpoint, credentials)) continue;
    const { registeredAt: _, ...rest } = registration;
    yield { ...rest, endpoint };
  }
}

function* tokensIn({ state, secrets }: Engine): Generator<PullToken> {
  for (const { record, updates } of state.campaigns.values()) {
    if (isCampaignOver(record.life)) continue;
    for (const update of updates.touched()) {
      if (update.attempt === 0 || isSettled(update)) continue;
      yield { endpoint: update.endpoint, token: pullToken(secrets.pull, update.endpoint, record.plan.firmware.digest) };
    }
  }
}
