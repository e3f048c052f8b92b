import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { SuspectsPage, SuspectView } from '@drover/contracts';
import { action, type Context } from '../context.ts';
import { suspectsCsv, suspectsText } from '../suspects-text.ts';

const PAGE = 1000;

/** Who may need a visit. */
export function suspectsCommand(device: Command): void {
  device
    .command('suspects')
    .description('devices that are silent, failed in a way that may need a visit, or are quarantined')
    .option('--campaign <name>', 'of this campaign alone')
    .option('--csv <file>', 'write them for a truck roll; - is standard output')
    .action(action(suspects));
}

async function suspects(context: Context, { campaign, csv }: { campaign?: string; csv?: string }): Promise<void> {
  const { out } = context;
  const all = await everySuspect(context, campaign);
  if (csv === '-') return void process.stdout.write(suspectsCsv(all));
  if (csv === undefined) out.say(suspectsText(all));
  else {
    writeFileSync(csv, suspectsCsv(all));
    out.say(`${all.length} devices written to ${csv}`);
  }
  out.result(all);
}

async function everySuspect({ api }: Context, campaign: string | undefined): Promise<SuspectView[]> {
  const all: SuspectView[] = [];
  for (;;) {
    const { total, suspects: page } = await api.get<SuspectsPage>('devices/suspects', { campaign, limit: PAGE, offset: all.length });
    all.push(...page);
    if (page.length === 0 || all.length >= total) return all;
  }
}
