import type { Instant } from '@drover/kernel';
import { componentOf, firmwareOf, versionIn, type CampaignSpec, type RunningVersion } from '@drover/campaign';
import type { TargetDevice } from '@drover/firmware-store';
import { textFact } from '@drover/fleet';
import { UPDATE_STATE } from '@drover/lwm2m';
import type { ComponentRecord, DeviceRecord } from '@drover/persistence';

/** What runs where this campaign's image goes: the firmware version of the device, or what was last read of the component. */
export function runningVersion(spec: CampaignSpec, device: DeviceRecord): RunningVersion {
  const component = componentOf(spec);
  if (!component) return firmwareOf(device);
  const read = device.components?.[component.name];
  if (!read || read.object !== component.object || read.instance !== component.instance) return { type: 'unread' };
  if (read.version !== undefined) return { type: 'known', version: read.version };
  return { type: read.isEmpty ? 'empty' : 'hidden' };
}

/** What a version that was read in a conversation teaches about the device. */
export function withVersionRead(
  device: DeviceRecord,
  spec: CampaignSpec,
  read: { readonly version: string | undefined; readonly state: number | undefined },
  at: Instant,
): DeviceRecord {
  const component = componentOf(spec);
  const version = read.version === '' ? undefined : read.version;
  if (!component) {
    if (version === undefined) return device;
    return { ...device, facts: { ...device.facts, firmwareVersion: { value: version, at } } };
  }
  const { object, instance, name } = component;
  const before = device.components?.[name];
  const isSame = before !== undefined && before.object === object && before.instance === instance;
  // While an image is on its way there is no version to be read. The last one stays the floor that no image may go below,
  // also when room has been made over it.
  if (version === undefined && isSame && (before.version !== undefined || before.isEmpty === true)) return device;
  // State comes in the words of Object 5, whatever object it was read from.
  const isEmpty = version === undefined && object === 'Software' && read.state === UPDATE_STATE.IDLE;
  const record: ComponentRecord = {
    object,
    instance,
    ...(version === undefined ? {} : { version }),
    ...(isEmpty ? { isEmpty } : {}),
    at,
  };
  return { ...device, components: { ...device.components, [name]: record } };
}

/** The device as the trust rules see it. */
export function trustTarget(spec: CampaignSpec, device: DeviceRecord): TargetDevice {
  const running = runningVersion(spec, device);
  return {
    model: textFact(device, 'model'),
    version: versionIn(running),
    ...(running.type === 'empty' ? { nothingInstalled: true } : {}),
  };
}
