import { FRESH } from './firmware-state.ts';
import { EMPTY, IN_PLACE } from './software-state.ts';
import type { Standing } from './update-event.ts';
import type { Account } from './accounts.ts';
import type { ImageIntake, TakenImage } from '../image.ts';
import type { PartTraits, Profile } from '../profiles/profile.ts';

export const FIRST_VERSION = '2.4.0';

/** A pull, as far as it has come. */
export interface Download {
  readonly uri: string;
  intake: ImageIntake;
  etag?: Uint8Array;
  szx?: number;
  size?: number;
}

/**
 * One replaceable thing of a device, as it survives a reboot and a power loss. What most parts do not have most of the time is
 * left out: an idle fleet is made of these.
 */
export interface Part {
  readonly traits: PartTraits;
  readonly instance: number;
  /** Empty where nothing is installed. */
  component: string;
  version: string;
  standing: Standing;
  /** Where State and Result are on their way to, when one is set after the other. */
  pending?: Standing;
  uri: string;
  download?: Download;
  image?: TakenImage;
  isPushing?: boolean;
  isInstalling?: boolean;
  isActive?: boolean;
  /** The argument of the last Uninstall: the package that comes must be the one that was there. */
  awaits?: string;
  automaticUpgrade: boolean;
  maximumDeferS: number | undefined;
  /** Until somebody writes one it is 1. */
  severity?: number;
  /** How often the profile has interfered: a fault that comes once asks this. */
  mishaps: number;
  /** Campaign ms at which the old version comes back by itself. */
  fallsBack?: { readonly at: number; readonly version: string };
}

/** What a device keeps when the power is off. */
export interface Flash {
  parts: Part[];
  /** Percent, unless it has been loaded since. */
  battery: number;
  /** Campaign ms at which an empty battery is loaded again. */
  loadedAt?: number;
  /** Of the Server object, s. */
  lifetimeS: number;
  /** What a bootstrap server has given it. */
  account?: Account;
  /** `/1/x/5`, once somebody has written it. */
  disableTimeoutS?: number;
  blocks: number;
  installs: number;
}

export function newFlash({ parts }: Profile, battery: number, lifetimeS: number): Flash {
  const present = parts.filter(({ object, software }) => object !== 9 || software.begins !== 'none');
  return { parts: present.map((traits) => newPart(traits)), battery, lifetimeS, blocks: 0, installs: 0 };
}

export function newPart(traits: PartTraits, instance = traits.instance): Part {
  const { object, software } = traits;
  const isEmpty = object === 9 && software.begins !== 'installed';
  return {
    traits,
    instance,
    component: isEmpty ? '' : traits.component,
    version: isEmpty ? '' : FIRST_VERSION,
    standing: traits.start ?? (object !== 9 ? FRESH : isEmpty ? EMPTY : IN_PLACE),
    uri: '',
    ...(object === 9 && !isEmpty && { isActive: true }),
    automaticUpgrade: traits.automaticUpgrade === 'on' || traits.automaticUpgrade === 'always-on',
    maximumDeferS: traits.maximumDeferS,
    mishaps: 0,
  };
}
