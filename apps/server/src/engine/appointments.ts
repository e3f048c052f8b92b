import { isoOf, type Instant } from '@drover/kernel';
import {
  appointmentTurn,
  disableUntil,
  lifetimeUntil,
  type Appointment,
  type AppointmentMeans,
  type AskedByDisable,
  type AskedByLifetime,
} from '@drover/schedule';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import { sendStep } from './appointment-orders.ts';
import { countsOf } from './appointment-records.ts';
import { draft } from './audit-drafts.ts';
import { serverInstance } from './server-instance.ts';
import type { UnitOfWork } from './unit-of-work.ts';

const NEVER = { kept: 0, missed: 0, refused: 0 } as const;

/** What is asked of a device. */
interface Wanted {
  readonly at: Instant;
  readonly means: AppointmentMeans;
  readonly isPrecaution?: boolean;
}

/** Writes an appointment into the device while it is awake. */
export function appoint(update: UpdateRecord, device: DeviceRecord, wanted: Wanted, unit: UnitOfWork): void {
  const instance = serverInstance(device);
  const { registration, pattern, appointment } = device;
  if (instance === undefined || !registration) return;
  const asked = { campaign: update.campaign, askedAt: unit.now, at: wanted.at, instance };
  if (wanted.means === 'disable') return appointByDisable(device, { ...asked, means: 'disable' }, unit);
  // An appointment that follows another one knows what was there before both.
  const isOfLifetime = appointment !== undefined && appointment.means !== 'disable';
  const lifetimeBefore = isOfLifetime ? appointment.lifetimeBefore : registration.lifetimeS;
  const lifetimeS = lifetimeUntil(wanted.at, unit.now, { lifetimeS: lifetimeBefore, pattern });
  const common = { ...asked, lifetimeS, lifetimeBefore };
  const made: AskedByLifetime = wanted.isPrecaution === true ? { ...common, isPrecaution: true } : common;
  unit.putDevice({ ...device, appointment: made });
  told(device, made, { means: 'lifetime', written: lifetimeS, before: lifetimeBefore }, unit);
  sendStep(device.endpoint, made, { step: 'lifetime', seconds: lifetimeS }, unit);
}

function appointByDisable(device: DeviceRecord, made: AskedByDisable, unit: UnitOfWork): void {
  const { appointment } = device;
  // What it would tell now is what the last appointment has written.
  if (appointment?.means === 'disable' && appointment.timeoutBefore !== undefined)
    return writeTimeout(device, made, appointment.timeoutBefore, unit);
  unit.putDevice({ ...device, appointment: made });
  sendStep(device.endpoint, made, { step: 'read' }, unit);
}

/** It has told its Disable Timeout: that is on record before it is written over. */
export function writeTimeout(device: DeviceRecord, appointment: AskedByDisable, timeoutBefore: number, unit: UnitOfWork): void {
  const made = { ...appointment, timeoutBefore };
  const written = disableUntil(appointment.at, unit.now);
  unit.putDevice({ ...device, appointment: made });
  told(device, made, { means: 'disable', written, before: timeoutBefore }, unit);
  sendStep(device.endpoint, made, { step: 'timeout', seconds: written }, unit);
}

function told(
  device: DeviceRecord,
  appointment: Appointment,
  what: { readonly means: AppointmentMeans; readonly written: number; readonly before: number },
  unit: UnitOfWork,
): void {
  const { at, isPrecaution } = appointment;
  const details = { at: isoOf(at), ...what, ...(isPrecaution === true && { isPrecaution }) };
  unit.audit(draft('appointment-made', unit.now, subjectOf(device, appointment), details));
}

/** What it was made for has come through: the device gets its own lifetime back while it is awake. */
export function callOff(device: DeviceRecord, unit: UnitOfWork): void {
  const { appointment } = device;
  if (appointment?.isPrecaution === true && appointment.restores === undefined) restore(device, appointment, unit);
}

/** The device has made contact: an appointment that is over is counted, and the device gets back what was written over. */
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
    case 'missed': {
      const met = counted(device, appointment, turn);
      return valueBefore(appointment) === undefined ? ended(met, appointment, turn, unit) : restore(met, appointment, unit);
    }
    case 'restore':
      return restore(device, appointment, unit);
    case 'restored':
      return ended(device, appointment, turn, unit);
    case 'given-up':
      return ended(withFinding(device, appointment, unit.now), appointment, turn, unit);
  }
}

function withFinding(device: DeviceRecord, appointment: Appointment, at: Instant): DeviceRecord {
  const isDisable = appointment.means === 'disable';
  const code = isDisable ? 'DISABLE_TIMEOUT_NOT_RESTORED' : 'LIFETIME_NOT_RESTORED';
  const before = `was ${valueBefore(appointment) ?? '?'} s before an appointment`;
  const text = isDisable
    ? `Disable Timeout ${before}, and nobody has confirmed that it is so again`
    : `Lifetime is ${device.registration?.lifetimeS ?? '?'} s and ${before}`;
  return { ...device, findings: [...device.findings.filter((finding) => finding.code !== code), { at, code, text }] };
}

/** Writes back what was there before. */
export function restore(device: DeviceRecord, appointment: Appointment, unit: UnitOfWork): DeviceRecord {
  const before = valueBefore(appointment);
  const restoring = { ...appointment, restores: (appointment.restores ?? 0) + 1 };
  const after = { ...device, appointment: restoring };
  unit.putDevice(after);
  if (before !== undefined) sendStep(device.endpoint, restoring, { step: 'restore', seconds: before }, unit);
  return after;
}

export function ended(
  { appointment: _, ...device }: DeviceRecord,
  appointment: Appointment,
  outcome: string,
  unit: UnitOfWork,
): DeviceRecord {
  unit.putDevice(device);
  unit.audit(draft('appointment-ended', unit.now, subjectOf(device, appointment), { at: isoOf(appointment.at), outcome }));
  return device;
}

/** Whatever was refused is not asked of this device again. */
export function refused(device: DeviceRecord, appointment: Appointment, answer: string, unit: UnitOfWork): void {
  const after = counted(device, appointment, 'refused');
  ended(after, appointment, `refused: ${answer}`, unit);
}

function valueBefore(appointment: Appointment): number | undefined {
  return appointment.means === 'disable' ? appointment.timeoutBefore : appointment.lifetimeBefore;
}

export function counted(device: DeviceRecord, { means = 'lifetime' }: Appointment, what: 'kept' | 'missed' | 'refused'): DeviceRecord {
  const counts = countsOf(device, means) ?? NEVER;
  return { ...device, [means === 'disable' ? 'disables' : 'appointments']: { ...counts, [what]: counts[what] + 1 } };
}

function subjectOf({ namespace, endpoint }: DeviceRecord, { campaign }: Appointment) {
  return { namespace, endpoint, campaign };
}
