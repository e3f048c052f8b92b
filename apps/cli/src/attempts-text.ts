import type { AttemptView, Taken, WhyView } from '@drover/contracts';
import { energyText } from './energy-text.ts';
import { table } from './output.ts';

/** What an attempt took, in one line. */
export function takenText({ sessions, blocks, bytes, retransmissions, secondsAwake, energyMah, energyDays }: Taken): string {
  return `${bytes} bytes in ${blocks} blocks and ${sessions} sessions, ${retransmissions} repeated, awake ${secondsAwake} s, ${energyText(energyMah, energyDays)}`;
}

/** An update of one campaign with its attempts, the newest last. */
export function attemptsText({ campaign, state, attempt, taken, attempts }: WhyView): string {
  const head = `update by ${campaign}: ${state}${attempt > 0 ? `, attempt ${attempt}: ${takenText(taken)}` : ''}`;
  return attempts.length === 0 ? head : `${head}\n${table(attempts.map(attemptRow))}`;
}

function attemptRow(entry: AttemptView): string[] {
  return [`  attempt ${entry.attempt}`, entry.at, entry.outcome, takenText(entry), entry.why];
}
