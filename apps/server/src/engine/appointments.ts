import { isoOf, type Endpoint, type Instant, type Json } from '@drover/kernel';
import {
  appointmentTurn,
  contactEnergyMah,
  lifetimeUntil,
  MOST_APPOINTMENTS,
  type Appointment,
  type CostModel,
  type TransferLink,
} from '@drover/schedule';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import type { OperationReport } from '../link/operations.ts';
import { draft } from './audit-drafts.ts';
import type { EngineState, Place } from './engine-state.ts';
import { serverInstance } from './server-instance.ts';
import type { UnitOfWork } from './unit-of-work.ts';

type Operated = Extract<OperationReport, { type: 'operated' }>;

/** Operations by which lifetimes are written: nobody else's begin like this. */
const PREFIX = 'lifetime:';
/** A device that listens now has to answer now, campaign ms. */
const AT_ONCE_MS = 93_000;
const NEVER = { kept: 0, missed: 0, refused: 0 } as const;

/** What is asked of a device. */
interface Wanted {
  readonly at: Instant;
  readonly isPrecaution?: boolean;
}

export function isOfAppointment({ id }: Operated): boolean {
  return id.startsWith(PREFIX);
}

/** How often a device may still be asked to wake up at another time for this update. */
export function appointmentsLeft(
  { campaign, update }: { readonly campaign: Pick<Place['campaign'], 'document'>; readonly update: UpdateRecord },
  device: DeviceRecord,
  { appointments }: Pick<EngineState, 'appointments'>,
): number {
  if (campaign.document.spec.schedule.appointments === 'Never' || device.registration?.queueMode !== true) return 0;
  if (device.appointments?.refused || serverInstance(device) === undefined || !appointments.mayAsk(device)) return 0;
  return Math.max(0, MOST_APPOINTMENTS - (update.asked ?? 0));
}

/** What an extra wake-up costs, mAh: both halves of a contact. */
export function wakeMah(link: TransferLink, model: CostModel): number {
  return 2 * contactEnergyMah(link, model);
}

/** Writes an appointment into the device while it is awake. */
export function appoint(update: UpdateRecord, device: DeviceRecord, { at, isPrecaution }: Wanted, unit: UnitOfWork): void {
  const instance = serverInstance(device);
  const { registration, pattern, appointment } = device;
  if (instance === undefined || !registration) return;
  // An appointment that follows another one knows what was there before both.
  const lifetimeBefore = appointment?.lifetimeBefore ?? registration.lifetimeS;
  const lifetimeS = lifetimeUntil(at, unit.now, { lifetimeS: lifetimeBefore, pattern });
  const asked = { campaign: update.campaign, askedAt: unit.now, at, instance, lifetimeS, lifetimeBefore };
  const made: Appointment = isPrecaution === true ? { ...asked, isPrecaution } : asked;
  unit.putDevice({ ...device, appointment: made });
  const details = { at: isoOf(at), lifetimeS, lifetimeBefore, ...(isPrecaution === true && { isPrecaution }) };
  unit.audit(draft('appointment-made', unit.now, subjectOf(device, made), details));
  write(device.endpoint, made, lifetimeS, unit);
}

/** What it was made for has come through: the device gets its own lifetime back while it is awake. */
export function callOff(device: DeviceRecord, unit: UnitOfWork): void {
  const { appointment } = device;
  if (appointment?.isPrecaution === true && appointment.restores === undefined) restore(device, appointment, unit);
}

/** The device has made contact: an appointment that is over is counted, and the device gets its own lifetime back. */
export function meet(
  device: DeviceRecord,
  { at, isTransferring }: { at: Instant; isTransferring: () => boolean },
  unit: UnitOfWork,
): DeviceRecord {
  const { appointment, registration } = device;
  if (!appointment) return device;
  const turn = appointmentTurn(appointment, { at, lifetimeS: registration?.lifetimeS, isTransferring: isTransferring() });
  switch (turn) {
    case 'stands':
      return device;
    case 'kept':
    case 'missed':
      return restore({ ...device, appointments: counted(device, turn) }, appointment, unit);
    case 'restore':
      return restore(device, appointment, unit);
    case 'restored':
      return ended(device, appointment, turn, unit);
    case 'given-up': {
      const text = `Lifetime is ${registration?.lifetimeS ?? '?'} s and was ${appointment.lifetimeBefore} s before an appointment`;
      const findings = [
        ...device.findings.filter(({ code }) => code !== 'LIFETIME_NOT_RESTORED'),
        { at: unit.now, code: 'LIFETIME_NOT_RESTORED', text },
      ];
      return ended({ ...device, findings }, appointment, turn, unit);
    }
  }
}

function restore(device: DeviceRecord, appointment: Appointment, unit: UnitOfWork): DeviceRecord {
  const restoring = { ...appointment, restores: (appointment.restores ?? 0) + 1 };
  const after = { ...device, appointment: restoring };
  unit.putDevice(after);
  write(device.endpoint, restoring, appointment.lifetimeBefore, unit);
  return after;
}

function ended({ appointment: _, ...device }: DeviceRecord, appointment: Appointment, outcome: string, unit: UnitOfWork): DeviceRecord {
  unit.putDevice(device);
  unit.audit(draft('appointment-ended', unit.now, subjectOf(device, appointment), { at: isoOf(appointment.at), outcome }));
  return device;
}

/** Whatever was refused is not asked of this device again. */
export function refused(device: DeviceRecord, appointment: Appointment, answer: string, unit: UnitOfWork): void {
  ended({ ...device, appointments: counted(device, 'refused') }, appointment, `refused: ${answer}`, unit);
}

/** Whether it is the write of this appointment, and not the one that gives the lifetime back. */
export function isWriteOf({ askedAt, restores }: Appointment, id: string): boolean {
  return restores === undefined && id === `${PREFIX}${askedAt}.0`;
}

function counted({ appointments = NEVER }: DeviceRecord, what: 'kept' | 'missed' | 'refused') {
  return { ...appointments, [what]: appointments[what] + 1 };
}

function write(endpoint: Endpoint, { instance, askedAt, restores = 0 }: Appointment, lifetimeS: number, unit: UnitOfWork): void {
  const order = { operation: 'write', path: `/1/${instance}/1`, value: lifetimeS as Json } as const;
  unit.send({ type: 'operate', id: `${PREFIX}${askedAt}.${restores}`, endpoint, order, notAfter: (unit.now + AT_ONCE_MS) as Instant });
}

function subjectOf({ namespace, endpoint }: DeviceRecord, { campaign }: Appointment) {
  return { namespace, endpoint, campaign };
}
