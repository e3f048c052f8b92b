import { plus, type Endpoint } from '@drover/kernel';
import type { OperationOrder } from '@drover/lwm2m';
import type { Appointment } from '@drover/schedule';
import type { OperationReport } from '../link/operations.ts';
import type { UnitOfWork } from './unit-of-work.ts';

type Operated = Extract<OperationReport, { type: 'operated' }>;

/** Operations by which devices are asked: nobody else's begin like this. */
const PREFIX = 'appointment:';
/** A device that listens now has to answer now, campaign ms. */
const AT_ONCE_MS = 93_000;
/** Resources of Object 1. */
const [LIFETIME, DISABLE, DISABLE_TIMEOUT] = [1, 4, 5];

/** What an operation is for: to ask, by Disable in three steps, or to give back. Seconds, where something is written. */
type Send = { readonly step: 'read' | 'disable' } | { readonly step: 'lifetime' | 'timeout' | 'restore'; readonly seconds: number };
export type AppointmentStep = Send['step'];

export function isOfAppointment({ id }: Operated): boolean {
  return id.startsWith(PREFIX);
}

/** The step that has been answered; undefined if it belongs to another appointment, or to a write that was repeated since. */
export function stepOf({ askedAt, restores = 0 }: Appointment, id: string): AppointmentStep | undefined {
  const [at, step, count] = id.slice(PREFIX.length).split('.');
  return Number(at) === askedAt && Number(count) === restores ? (step as AppointmentStep) : undefined;
}

/** Sends one step while the device is awake. */
export function sendStep(endpoint: Endpoint, appointment: Appointment, what: Send, unit: UnitOfWork): void {
  const id = `${PREFIX}${appointment.askedAt}.${what.step}.${appointment.restores ?? 0}`;
  unit.send({ type: 'operate', id, endpoint, order: orderOf(appointment, what), notAfter: plus(unit.now, AT_ONCE_MS) });
}

function orderOf({ instance, means }: Appointment, what: Send): OperationOrder {
  const at = (resource: number): string => `/1/${instance}/${resource}`;
  switch (what.step) {
    case 'read':
      return { operation: 'read', path: at(DISABLE_TIMEOUT) };
    case 'disable':
      return { operation: 'execute', path: at(DISABLE) };
    case 'timeout':
      return { operation: 'write', path: at(DISABLE_TIMEOUT), value: what.seconds };
    case 'lifetime':
      return { operation: 'write', path: at(LIFETIME), value: what.seconds };
    case 'restore':
      return { operation: 'write', path: at(means === 'disable' ? DISABLE_TIMEOUT : LIFETIME), value: what.seconds };
  }
}
