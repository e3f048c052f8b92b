import { Option, type Command } from 'commander';
import { BOOTSTRAP_STATES, type BootstrapTemplateView, type BootstrapView } from '@drover/contracts';
import { bootstrapsText, bootstrapText } from '../bootstrap-text.ts';
import { action } from '../context.ts';
import { table } from '../output.ts';

const pathOf = (endpoint: string): string => `bootstraps/${encodeURIComponent(endpoint)}`;

/** Templates are written and applied as documents; these show what devices were given, and call them. */
export function bootstrapCommands(program: Command): void {
  const bootstrap = program.command('bootstrap').description('which servers and keys devices are given');
  for (const add of [listCommand, showCommand, triggerCommand, cancelCommand, templateCommands]) add(bootstrap);
}

function listCommand(bootstrap: Command): void {
  bootstrap
    .command('list')
    .description('devices that have come to bootstrap, or that somebody waits for')
    .addOption(new Option('--state <state>').choices(BOOTSTRAP_STATES))
    .option('--wanted', 'only those that somebody waits for')
    .option('--limit <count>', 'at most 1000', '100')
    .option('--offset <count>', '', '0')
    .action(
      action(async ({ api, out }, { wanted, ...page }: { state?: string; wanted?: boolean; limit: string; offset: string }) => {
        const views = await api.get<BootstrapView[]>('bootstraps', { ...page, ...(wanted && { wanted: 'true' }) });
        out.say(bootstrapsText(views));
        out.result(views);
      }),
    );
}

function showCommand(bootstrap: Command): void {
  bootstrap
    .command('show')
    .description('by which template, which accounts, which keys, and whether it has used them')
    .argument('<endpoint>')
    .action(
      action(async ({ api, out }, endpoint: string) => {
        const view = await api.get<BootstrapView>(pathOf(endpoint));
        out.say(bootstrapText(view));
        out.result(view);
      }),
    );
}

function triggerCommand(bootstrap: Command): void {
  bootstrap
    .command('trigger')
    .description('sends devices to the bootstrap server: at once where they listen, otherwise when they can be asked')
    .argument('<endpoint...>')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, endpoints: string[], { reason }: { reason: string }) => {
        const views = await api.post<BootstrapView[]>('bootstraps/trigger', { endpoints, reason });
        for (const { endpoint, wish } of views) out.say(`${endpoint}: ${wish?.text ?? 'it has come'}`);
        out.result(views);
      }),
    );
}

function cancelCommand(bootstrap: Command): void {
  bootstrap
    .command('cancel')
    .description('waits no more for it; whoever was asked already may come all the same')
    .argument('<endpoint>')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, endpoint: string, { reason }: { reason: string }) => {
        const view = await api.post<BootstrapView>(`${pathOf(endpoint)}/cancel`, { reason });
        out.say(`nobody waits for ${endpoint} any more`);
        out.result(view);
      }),
    );
}

function templateCommands(bootstrap: Command): void {
  bootstrap
    .command('templates')
    .description('those that are applied')
    .action(
      action(async ({ api, out }) => {
        const views = await api.get<BootstrapTemplateView[]>('bootstrap-templates');
        const rows = views.map(({ name, precedence, generation, digest }) => [name, precedence, generation, digest]);
        out.say(views.length === 0 ? 'no bootstrap templates' : table(rows, ['NAME', 'PRECEDENCE', 'GENERATION', 'DIGEST']));
        out.result(views);
      }),
    );
  bootstrap
    .command('remove-template')
    .description('devices get the next template that fits, or none; what they hold stays')
    .argument('<name>')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, name: string, { reason }: { reason: string }) => {
        const removed = await api.post(`bootstrap-templates/${encodeURIComponent(name)}/remove`, { reason });
        out.say(`template ${name} is removed`);
        out.result(removed);
      }),
    );
}
