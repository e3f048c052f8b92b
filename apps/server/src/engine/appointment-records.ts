import { textFact, type Device } from '@drover/fleet';
import type { DeviceRecord } from '@drover/persistence';
import { mayAskKind, type AppointmentRecord } from '@drover/schedule';

const NOBODY: AppointmentRecord = { kept: 0, missed: 0, refused: 0, open: 0 };
/** Kinds of which something is remembered; devices may claim any. */
const MOST_KINDS = 10_000;

/** How each kind of device has answered when it was asked to wake up at another time. Derived from the devices. */
export class AppointmentRecords {
  readonly #kinds = new Map<string, AppointmentRecord>();

  mayAsk(device: Device): boolean {
    return mayAskKind(this.#kinds.get(kindOf(device)) ?? NOBODY);
  }

  /** A device is another one now: what it brings to its kind changes with it. */
  change(before: DeviceRecord | undefined, after: DeviceRecord): void {
    if (before?.appointments === after.appointments && before?.appointment === after.appointment) return;
    if (before) this.#add(before, -1);
    this.#add(after, 1);
  }

  #add(device: DeviceRecord, sign: 1 | -1): void {
    const { appointments, appointment } = device;
    if (!appointments && !appointment) return;
    const kind = kindOf(device);
    const known = this.#kinds.get(kind) ?? NOBODY;
    if (!this.#kinds.has(kind) && this.#kinds.size >= MOST_KINDS) return;
    const open = appointment !== undefined && appointment.restores === undefined ? 1 : 0;
    this.#kinds.set(kind, {
      kept: Math.max(0, known.kept + sign * (appointments?.kept ?? 0)),
      missed: Math.max(0, known.missed + sign * (appointments?.missed ?? 0)),
      refused: Math.max(0, known.refused + sign * (appointments?.refused ?? 0)),
      open: Math.max(0, known.open + sign * open),
    });
  }
}

/** With lengths: what one device says of itself must not read like another. */
function kindOf(device: Device): string {
  const [maker, model] = [textFact(device, 'manufacturer') ?? '', textFact(device, 'model') ?? ''];
  return `${maker.length}/${model.length}/${maker}${model}`;
}
