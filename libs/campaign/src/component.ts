import { textFact, type Device } from '@drover/fleet';
import type { CampaignSpec } from './spec.ts';

/** A part of a device with a version of its own. */
export interface Component {
  readonly object: CampaignSpec['delivery']['object'];
  readonly instance: number;
  readonly name: string;
}

/** What runs where a campaign's image goes. */
export type RunningVersion =
  | { readonly type: 'known'; readonly version: string }
  /** Nobody has looked yet. */
  | { readonly type: 'unread' }
  /** The device was asked and shows none, or its firmware version is not known. */
  | { readonly type: 'hidden' }
  /** The device was asked, and nothing is installed there. */
  | { readonly type: 'empty' };

/**
 * The component that a campaign updates; undefined where that is the firmware of the whole device, whose version is a fact
 * like any other. Another object, another instance, or a version that stands elsewhere say nothing of that firmware.
 */
export function componentOf({ delivery: { object, instance }, verify, firmware }: CampaignSpec): Component | undefined {
  const isWhole = object === 'Firmware' && instance === 0 && verify.versionFrom.length === 0;
  return isWhole ? undefined : { object, instance, name: firmware.name };
}

/** The firmware of the whole device, by its facts. */
export function firmwareOf(device: Device): RunningVersion {
  const version = textFact(device, 'firmwareVersion');
  return version === undefined ? { type: 'hidden' } : { type: 'known', version };
}

export function versionIn(running: RunningVersion): string | undefined {
  return running.type === 'known' ? running.version : undefined;
}
