import type { ImageIntake, TakenImage } from './image.ts';
import { FRESH, type Firmware } from './firmware-state.ts';

export const FIRST_VERSION = '2.4.0';

/** A pull, as far as it has come. */
export interface Download {
  readonly uri: string;
  intake: ImageIntake;
  etag?: Uint8Array;
  szx?: number;
  size?: number;
}

/** What a device keeps through a reboot and through a power loss. */
export interface Flash {
  version: string;
  firmware: Firmware;
  uri: string;
  download?: Download;
  image?: TakenImage;
  /** Percent. */
  battery: number;
  /** `/1/0/1`, s. */
  lifetimeS: number;
  automaticUpgrade: boolean;
  /** Whether the fault of its profile has happened: a power loss comes once. */
  hasFailed: boolean;
  blocks: number;
  installs: number;
}

export function newFlash(battery: number, lifetimeS: number): Flash {
  return {
    version: FIRST_VERSION,
    firmware: FRESH,
    uri: '',
    battery,
    lifetimeS,
    automaticUpgrade: false,
    hasFailed: false,
    blocks: 0,
    installs: 0,
  };
}
