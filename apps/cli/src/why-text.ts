import type { WhyView } from '@drover/contracts';
import { takenText } from './attempts-text.ts';

/** Where a device is in a campaign, why, and until when. */
export function whyText(reason: WhyView): string {
  const end = reason.person
    ? `until a person with the right to ${reason.person} decides`
    : reason.nextAt
      ? `next look ${reason.nextAt}`
      : 'settled';
  const progress = reason.attempt > 0 ? `, attempt ${reason.attempt}, ${reason.offset} of ${reason.size} bytes` : '';
  const head = `${reason.campaign}/${reason.stage}: ${reason.state} since ${reason.since}${progress}`;
  const taken = reason.attempt > 0 ? `\n  ${takenText(reason.taken)}` : '';
  return `${head}\n  ${reason.code}: ${reason.evidence}\n  ${end}${taken}`;
}
