import type { Command } from 'commander';
import type { NetworkView } from '@drover/contracts';
import { action, type Context } from '../context.ts';

/** What networks have said of themselves. */
export function networkCommand(program: Command): void {
  program
    .command('network')
    .description('what networks say of themselves: calendars, agreed windows, congestion, and whether their sources answer')
    .action(action(network));
}

async function network({ api, out }: Context): Promise<void> {
  const view = await api.get<NetworkView>('network');
  out.say(networkText(view));
  out.result(view);
}

export function networkText({ sources, total, hints }: NetworkView): string {
  const lines = sources.map(
    ({ name, readAt, hints: count, error }) =>
      `${name}  ${error ?? `${count} hints`}, ${readAt === undefined ? 'not read yet' : `read ${readAt}`}`,
  );
  for (const { operator = 'every operator', cells, bearer, from, until, share, text, source } of hints) {
    const where = [operator, cells === undefined ? undefined : `${cells} cells`, bearer].filter(Boolean).join(', ');
    lines.push(`${from} to ${until}  at most ${Math.round(share * 100)} % of ${where}  ${text}  (${source})`);
  }
  if (total > hints.length) lines.push(`… and ${total - hints.length} more`);
  return lines.length === 0 ? 'no network says anything of itself' : lines.join('\n');
}
