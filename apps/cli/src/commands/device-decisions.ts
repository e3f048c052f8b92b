import type { Command } from 'commander';
import type { WhyView } from '@drover/contracts';
import { action } from '../context.ts';
import { whyText } from '../why-text.ts';

/** What a person decides about one device. */
export function deviceDecisionCommands(device: Command): void {
  for (const [verb, meaning] of [
    ['retry', 'send a failed, cancelled or skipped update round again, with a fresh budget'],
    ['skip', 'leave the device out of the campaign; what is under way is cancelled'],
  ] as const) {
    device
      .command(verb)
      .description(meaning)
      .argument('<device>')
      .requiredOption('--campaign <name>')
      .requiredOption('--reason <text>', 'goes into the audit log')
      .action(
        action(async ({ api, out }, name: string, body: { campaign: string; reason: string }) => {
          const why = await api.post<WhyView>(`devices/${encodeURIComponent(name)}/${verb}`, body);
          out.say(whyText(why));
          out.result(why);
        }),
      );
  }
  device
    .command('release')
    .description('end the quarantine of a device')
    .argument('<device>')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, name: string, body: { reason: string }) => {
        const released = await api.post(`devices/${encodeURIComponent(name)}/release`, body);
        out.say(`${name} is released`);
        out.result(released);
      }),
    );
}
