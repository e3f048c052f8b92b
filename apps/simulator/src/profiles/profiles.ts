import type { Limits } from '../watch/limits.ts';
import { EVERYDAY_PROFILES, SPEECH_PROFILES } from './everyday-profiles.ts';
import { INSTALL_PROFILES } from './install-profiles.ts';
import { outcomeUnder, type Outcome, type Profile } from './profile.ts';
import { SOFTWARE_PROFILES } from './software-profiles.ts';
import { TRANSFER_PROFILES } from './transfer-profiles.ts';

/** Each named after what it does. */
export const PROFILES = {
  ...EVERYDAY_PROFILES,
  ...SPEECH_PROFILES,
  ...TRANSFER_PROFILES,
  ...INSTALL_PROFILES,
  ...SOFTWARE_PROFILES,
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

export function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}

export function profileOf(name: ProfileName): Profile {
  return PROFILES[name];
}

/** How a campaign that knows these limits must end for such a device. */
export function expectedOutcome(name: ProfileName, limits: Limits): Outcome {
  return outcomeUnder(PROFILES[name], limits);
}
