import type { Command } from 'commander';
import type { ClassView } from '@drover/contracts';
import { action } from '../context.ts';
import { table } from '../output.ts';

/** Classes are written and applied as documents; these look at them, and take them away. */
export function classCommands(program: Command): void {
  const classes = program.command('class').description('device classes: how kinds of devices are treated');
  classes
    .command('list')
    .description('all of them, with the number of devices that have each')
    .action(
      action(async ({ api, out }) => {
        const views = await api.get<ClassView[]>('device-classes');
        out.say(
          views.length === 0
            ? 'no device classes'
            : table(
                views.map(({ name, precedence, devices }) => [name, precedence, devices]),
                ['NAME', 'PRECEDENCE', 'DEVICES'],
              ),
        );
        out.result(views);
      }),
    );
  classes
    .command('remove')
    .description('its devices have the next class that fits, or none')
    .argument('<name>')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, name: string, { reason }: { reason: string }) => {
        const removed = await api.post(`device-classes/${encodeURIComponent(name)}/remove`, { reason });
        out.say(`class ${name} is removed`);
        out.result(removed);
      }),
    );
}
