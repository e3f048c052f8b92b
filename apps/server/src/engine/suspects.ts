import type { Instant } from '@drover/kernel';
import type { FailureClass } from '@drover/campaign';
import type { FactName } from '@drover/fleet';
import type { AttemptEntry } from '@drover/rollout';
import type { Battery } from '@drover/schedule';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import type { EngineState, LiveCampaign } from './engine-state.ts';

/** Failures after which somebody may have to go there. */
const SUSPICIOUS: readonly FailureClass[] = ['SuspectedBrick', 'InstallTimeout', 'Unreachable'];
/** What a technician wants to know of the radio and the battery before leaving. */
const SIGNS: readonly FactName[] = ['radio.rsrp', 'radio.snr', 'radio.ce', 'radio.cell', 'battery.level', 'battery.status'];

/** One device that may need a visit, with what is known of it. */
export interface Suspect {
  readonly device: DeviceRecord;
  /** `suspect`, `unreachable`, a failure class, or `quarantined`. */
  readonly what: string;
  readonly since: Instant;
  readonly campaign: string | undefined;
  readonly heardSince: boolean;
  readonly signs: readonly { readonly fact: FactName; readonly value: string | number | boolean; readonly at: Instant }[];
  readonly offset: number;
  readonly size: number;
  readonly versionBefore: string | undefined;
  readonly failures: Readonly<Record<string, number>>;
  readonly attempts: readonly AttemptEntry[];
  /** What their energy is counted against. */
  readonly battery: Battery | undefined;
}

/** All devices of a namespace that may need a visit, the longest silent first. */
export function suspectsOf(state: EngineState, namespace: string, only?: string): Suspect[] {
  const suspects: Suspect[] = [];
  const named = new Set<string>();
  for (const campaign of state.campaigns.values()) {
    if (campaign.record.namespace !== namespace || (only !== undefined && campaign.record.name !== only)) continue;
    for (const update of campaign.updates.touched()) {
      const what = suspicionOf(update);
      const device = what === undefined ? undefined : state.devices.get(update.endpoint);
      if (what === undefined || !device || isResolved(state, update)) continue;
      named.add(update.endpoint);
      suspects.push({ ...suspectIn(campaign, update, device, what), battery: state.batteryOf(device) });
    }
  }
  for (const device of state.devices.values())
    if (device.namespace === namespace && !named.has(device.endpoint)) suspects.push(...quarantined(state, device, only));
  return suspects.sort(
    (a, b) => (a.device.lastContactAt ?? 0) - (b.device.lastContactAt ?? 0) || (a.device.endpoint < b.device.endpoint ? -1 : 1),
  );
}

function suspicionOf({ state, failure }: UpdateRecord): string | undefined {
  if (state === 'suspect' || state === 'unreachable') return state;
  return state === 'failed' && failure !== undefined && SUSPICIOUS.includes(failure) ? failure : undefined;
}

/** It has taken an update since: whatever was the matter is over. */
function isResolved(state: EngineState, failed: UpdateRecord): boolean {
  for (const { record, updates } of state.campaigns.values()) {
    const other = updates.get(failed.endpoint);
    if (other?.state === 'succeeded' && record.namespace === failed.namespace && other.since > failed.since) return true;
  }
  return false;
}

function suspectIn({ record }: LiveCampaign, update: UpdateRecord, device: DeviceRecord, what: string): Omit<Suspect, 'battery'> {
  return {
    device,
    what,
    since: update.since,
    campaign: record.name,
    heardSince: (device.lastContactAt ?? 0) > update.since,
    signs: signsOf(device),
    offset: update.offset,
    size: record.plan.firmware.size,
    versionBefore: update.versionBefore,
    failures: update.failures,
    attempts: update.log ?? [],
  };
}

/** A quarantined device that no campaign suspects of more is listed with the last one that failed on it. */
function quarantined(state: EngineState, device: DeviceRecord, only: string | undefined): Suspect[] {
  const { quarantine, namespace, endpoint } = device;
  const last = quarantine?.campaigns.at(-1);
  if (!quarantine || last === undefined || (only !== undefined && last !== only)) return [];
  const campaign = state.campaigns.get(`${namespace}/${last}`);
  const battery = state.batteryOf(device);
  const update = campaign?.updates.get(endpoint);
  if (campaign && update) return [{ ...suspectIn(campaign, update, device, 'quarantined'), since: quarantine.since, battery }];
  const nothing = { offset: 0, size: 0, versionBefore: undefined, failures: {}, attempts: [], battery };
  const heardSince = (device.lastContactAt ?? 0) > quarantine.since;
  return [{ ...nothing, device, what: 'quarantined', since: quarantine.since, campaign: last, heardSince, signs: signsOf(device) }];
}

function signsOf({ facts }: DeviceRecord): Suspect['signs'] {
  return SIGNS.flatMap((fact) => {
    const known = facts[fact];
    return known ? [{ fact, value: known.value, at: known.at }] : [];
  });
}
