import { isoOf, type Instant } from '@drover/kernel';
import type { AttemptEntry } from '@drover/rollout';
import type { Battery } from '@drover/schedule';
import type { AttemptView, SuspectView } from '@drover/contracts';
import type { Suspect } from '../engine/suspects.ts';
import { energyView } from './energy-view.ts';

const iso = (instant: Instant | undefined): string | undefined => (instant === undefined ? undefined : isoOf(instant));

export function suspectView({ device, since, signs, attempts, battery, ...rest }: Suspect): SuspectView {
  const site = device.facts.site?.value;
  return {
    ...rest,
    endpoint: device.endpoint,
    ...(typeof site === 'string' ? { site } : {}),
    labels: device.labels,
    since: isoOf(since),
    lastContactAt: iso(device.lastContactAt),
    signs: Object.fromEntries(signs.map(({ fact, value, at }) => [fact, { value, at: isoOf(at) }])),
    attempts: attempts.map((entry) => attemptView(entry, battery)),
  };
}

export function attemptView({ at, awakeMs, energyMah, ...entry }: AttemptEntry, battery: Battery | undefined): AttemptView {
  return { ...entry, at: isoOf(at), secondsAwake: Math.round(awakeMs / 1000), ...energyView(energyMah, battery) };
}
