import { textFact, type Device } from '@drover/fleet';
import type { AppointmentCounts, DeviceRecord } from '@drover/persistence';
import { mayAskKind, type AppointmentMeans, type AppointmentRecord } from '@drover/schedule';

const NOBODY: AppointmentRecord = { kept: 0, missed: 0, refused: 0, open: 0 };
/** Kinds of which something is remembered; devices may claim any. */
const MOST_KINDS = 10_000;
const MEANS = ['lifetime', 'disable'] as const satisfies readonly AppointmentMeans[];

/** How each kind of device has answered when it was asked to wake up at another time, by what means. Derived from the devices. */
export class AppointmentRecords {
  readonly #kinds = new Map<string, AppointmentRecord>();

  mayAsk(device: Device, means: AppointmentMeans): boolean {
    return mayAskKind(this.#kinds.get(kindOf(device, means)) ?? NOBODY);
  }

  /** A device is another one now: what it brings to its kind changes with it. */
  change(before: DeviceRecord | undefined, after: DeviceRecord): void {
    for (const means of MEANS) {
      const isSame = before && countsOf(before, means) === countsOf(after, means) && before.appointment === after.appointment;
      if (isSame) continue;
      if (before) this.#add(before, means, -1);
      this.#add(after, means, 1);
    }
  }

  #add(device: DeviceRecord, means: AppointmentMeans, sign: 1 | -1): void {
    const counts = countsOf(device, means);
    const isOpen = isOpenBy(device, means);
    if (!counts && !isOpen) return;
    const kind = kindOf(device, means);
    const known = this.#kinds.get(kind) ?? NOBODY;
    if (!this.#kinds.has(kind) && this.#kinds.size >= MOST_KINDS) return;
    this.#kinds.set(kind, {
      kept: Math.max(0, known.kept + sign * (counts?.kept ?? 0)),
      missed: Math.max(0, known.missed + sign * (counts?.missed ?? 0)),
      refused: Math.max(0, known.refused + sign * (counts?.refused ?? 0)),
      open: Math.max(0, known.open + sign * (isOpen ? 1 : 0)),
    });
  }
}

/** How this device has answered by one means. */
export function countsOf({ appointments, disables }: DeviceRecord, means: AppointmentMeans): AppointmentCounts | undefined {
  return means === 'disable' ? disables : appointments;
}

function isOpenBy({ appointment }: DeviceRecord, means: AppointmentMeans): boolean {
  return appointment !== undefined && appointment.restores === undefined && (appointment.means ?? 'lifetime') === means;
}

/** With lengths: what one device says of itself must not read like another. */
function kindOf(device: Device, means: AppointmentMeans): string {
  const [maker, model] = [textFact(device, 'manufacturer') ?? '', textFact(device, 'model') ?? ''];
  return `${means}/${maker.length}/${model.length}/${maker}${model}`;
}
