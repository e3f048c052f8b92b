import { contactEnergyMah, MOST_APPOINTMENTS, type AppointmentMeans, type CostModel, type TransferLink } from '@drover/schedule';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import { countsOf } from './appointment-records.ts';
import type { EngineState, Place } from './engine-state.ts';
import { serverInstance } from './server-instance.ts';

interface AskedFor {
  readonly campaign: Pick<Place['campaign'], 'document'>;
  readonly update: UpdateRecord;
}

/** By what a device may be asked now. Its lifetime if that works with it and its kind; Disable only where the campaign says so. */
export function meansFor(
  { campaign, update }: AskedFor,
  device: DeviceRecord,
  { appointments }: Pick<EngineState, 'appointments'>,
): AppointmentMeans | undefined {
  const wish = campaign.document.spec.schedule.appointments;
  if (wish === 'Never' || device.registration?.queueMode !== true || serverInstance(device) === undefined) return undefined;
  if ((update.asked ?? 0) >= MOST_APPOINTMENTS) return undefined;
  // What the last one has written over has to be given back first.
  const open = device.appointment && (device.appointment.means ?? 'lifetime');
  const works = (means: AppointmentMeans): boolean =>
    (open ?? means) === means && !countsOf(device, means)?.refused && appointments.mayAsk(device, means);
  if (works('lifetime')) return 'lifetime';
  return wish === 'AskOrDisable' && works('disable') ? 'disable' : undefined;
}

/** How often a device may still be asked to wake up at another time for this update. */
export function appointmentsLeft(asked: AskedFor, device: DeviceRecord, state: Pick<EngineState, 'appointments'>): number {
  return meansFor(asked, device, state) === undefined ? 0 : MOST_APPOINTMENTS - (asked.update.asked ?? 0);
}

/** What an extra wake-up costs, mAh: both halves of a contact; after a Disable the device registers anew and is read once more. */
export function wakeMah(link: TransferLink, model: CostModel, means: AppointmentMeans = 'lifetime'): number {
  return (means === 'disable' ? 4 : 2) * contactEnergyMah(link, model);
}
