import type { OperationReport } from '../link/operations.ts';
import { isWriteOf, refused } from './appointments.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';

type Operated = Extract<OperationReport, { type: 'operated' }>;

/** Answers to the writes. Silence says nothing: the next contact shows which lifetime the device has. */
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
      if (!device || !appointment || !isWriteOf(appointment, id)) return;
      if (result.type !== 'failed' || result.answer === undefined) return;
      refused(device, appointment, result.answer, unit);
      // What was promised for then is free again; the device is told something else.
      this.#stepper.step(endpoint, unit);
    });
  }
}
