import { isoOf, type Instant } from '@drover/kernel';
import type { FailureClass } from '@drover/campaign';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';

export const QUARANTINED = 'QUARANTINED';

/** What somebody on our side has done says nothing about the device. */
const NOT_ITS_FAULT: readonly FailureClass[] = ['InvalidURI', 'Refused', 'Cancelled', 'DataCap', 'EnergyBudget'];
/** Names that a row remembers, however high the limit. */
const REMEMBERED = 100;

/** Why a person must release the device first, or undefined. */
export function quarantineText({ quarantine }: DeviceRecord): string | undefined {
  if (!quarantine) return undefined;
  return `quarantined since ${isoOf(quarantine.since)}: its updates failed in ${quarantine.campaigns.join(', ')}`;
}

/** The device after an update of it has settled: failures in a row are counted, and a success ends the row. */
export function afterOutcome(
  device: DeviceRecord,
  { campaign, state, failure }: UpdateRecord,
  { quarantineAfter, now }: { quarantineAfter: number; now: Instant },
): DeviceRecord {
  if (state === 'succeeded') return device.failedCampaigns ? { ...device, failedCampaigns: undefined } : device;
  if (state !== 'failed' || failure === undefined || NOT_ITS_FAULT.includes(failure)) return device;
  const failedCampaigns = [...(device.failedCampaigns ?? []).filter((name) => name !== campaign), campaign].slice(-REMEMBERED);
  if (device.quarantine || failedCampaigns.length < quarantineAfter) return { ...device, failedCampaigns };
  const text = `its updates failed in ${failedCampaigns.length} campaigns in a row, the last as ${failure}`;
  return {
    ...device,
    failedCampaigns,
    quarantine: { since: now, campaigns: failedCampaigns },
    findings: [...withoutQuarantine(device), { at: now, code: QUARANTINED, text }],
  };
}

/** As a person leaves it behind: nothing counts against it any more. */
export function released(device: DeviceRecord): DeviceRecord {
  return { ...device, quarantine: undefined, failedCampaigns: undefined, findings: withoutQuarantine(device) };
}

function withoutQuarantine({ findings }: DeviceRecord): DeviceRecord['findings'] {
  return findings.filter(({ code }) => code !== QUARANTINED);
}
