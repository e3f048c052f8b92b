import { profileOf, type Outcome, type ProfileName } from '@drover/simulator';
import type { Disturbance, Scenario } from './scenario.ts';

// What these runs may bring to a device beside what its profile deserves, each with the reason: whoever adds a line says why.

/** Shares of datagrams: above the first a read may come to nothing, above the second a whole transfer, through no fault of the server. */
const SOME_LOSS = 0.05;
const HEAVY_LOSS = 0.1;
/** Of devices that take no larger ones, bytes. */
const SMALL_BLOCK = 128;

/** What a device may come to, by its profile and the weather of the run. */
export function deservedBy(profile: string, expected: Outcome, scenario: Scenario): readonly string[] {
  return [...byItself(profile, expected), ...byWeather(profile, scenario)];
}

function byItself(profile: string, expected: Outcome): readonly Outcome[] {
  switch (profile) {
    case 'late-success':
      // Silent for 18 hours after Execute; how long the campaign waits follows from the contacts that the device has made.
      return ['SuspectedBrick', expected];
    case 'says-yes-and-does-nothing':
      // Where an answer to Execute is lost, or the device restarts, it is asked again, and the third time counts.
      return [expected, 'UpdateFailed'];
    case 'falls-back-soon':
      // Whoever is heard only after the fall-back shows Result 1 and the old version.
      return [expected, 'VersionMismatch'];
    default:
      return [expected];
  }
}

function byWeather(profile: string, { weather, imageBytes }: Scenario): readonly string[] {
  const { queueMode, parts, chaos } = profileOf(profile as ProfileName);
  const { powerLossAtBlock = 0, delay = 0, reorder = 0 } = weather;
  const loss = (weather.loss ?? 0) + (chaos?.loss ?? 0);
  const allowed: string[] = [];
  // The 93 s that a sleeper listens are 39 ms here: less than the first repetition of a lost datagram takes, or two late ones.
  if (queueMode && loss + delay + reorder > 0) allowed.push('ConnectionLost', 'skipped', 'InstallTimeout');
  // And a device forgets a push after 247 s without a block.
  if (loss > 0 && parts[0].delivery === 'Push') allowed.push('ConnectionLost');
  // Asked at five contacts, each of which comes before the answer to the one before has made its way.
  if (loss > SOME_LOSS) allowed.push('skipped');
  if (loss > HEAVY_LOSS) allowed.push('ConnectionLost');
  // What begins anew after each power loss may never come to its end.
  if (powerLossAtBlock * (imageBytes / SMALL_BLOCK) > 1) allowed.push('ConnectionLost');
  return allowed;
}

const DEAF: readonly Disturbance['type'][] = ['kill', 'full-disk', 'slow-disk'];

/** Neither lost nor late, and neither the device nor the server has restarted since it was asked to tell. */
export function isToldInTime({ weather, disturbances }: Scenario): boolean {
  if (disturbances.some(({ type }) => DEAF.includes(type))) return false;
  const { loss = 0, delay = 0, reorder = 0, powerLossAtBlock = 0, powerLossPerDay = 0 } = weather;
  return [loss, delay, reorder, powerLossAtBlock, powerLossPerDay].every((share) => share === 0);
}
