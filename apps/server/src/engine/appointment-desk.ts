import type { DeviceRecord } from '@drover/persistence';
import type { Appointment } from '@drover/schedule';
import type { OperationReport } from '../link/operations.ts';
import { sendStep, stepOf, type AppointmentStep } from './appointment-orders.ts';
import { counted, ended, refused, restore, writeTimeout } from './appointments.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import type { UnitOfWork } from './unit-of-work.ts';

type Operated = Extract<OperationReport, { type: 'operated' }>;
type Done = Extract<Operated['result'], { type: 'done' }>;

/** Answers of devices that are asked. Silence says nothing: the next contact shows what has become of it. */
export class AppointmentDesk {
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;

  constructor(engine: Engine, stepper: DeviceStepper) {
    this.#engine = engine;
    this.#stepper = stepper;
  }

  onOperated({ id, endpoint, result }: Operated): Promise<void> {
    return this.#engine.change((unit) => {
      const device = this.#engine.state.devices.get(endpoint);
      const appointment = device?.appointment;
      const step = appointment && stepOf(appointment, id);
      if (!device || !appointment || step === undefined) return;
      if (result.type === 'done') return this.#done({ device, appointment, step }, result, unit);
      if (result.type !== 'failed' || result.answer === undefined || step === 'restore') return;
      // Its timeout has been written and is of no use without the rest.
      if (step === 'disable') restore(counted(device, appointment, 'refused'), appointment, unit);
      else refused(device, appointment, result.answer, unit);
      // What was promised for then is free again; the device is told something else.
      this.#stepper.step(endpoint, unit);
    });
  }

  #done(
    { device, appointment, step }: { device: DeviceRecord; appointment: Appointment; step: AppointmentStep },
    { values }: Done,
    unit: UnitOfWork,
  ): void {
    if (appointment.means !== 'disable') return;
    switch (step) {
      case 'read': {
        const timeout = Number(values[0]?.value);
        if (Number.isFinite(timeout)) return writeTimeout(device, appointment, timeout, unit);
        return refused(device, appointment, 'no Disable Timeout', unit);
      }
      case 'timeout':
        return sendStep(device.endpoint, appointment, { step: 'disable' }, unit);
      case 'restore':
        ended(device, appointment, 'restored', unit);
        return;
      default:
        return;
    }
  }
}
