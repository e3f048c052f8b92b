import type { Command } from 'commander';
import { DroverError } from '@drover/kernel';
import { costModelNamed, costModelSource, type CostModelKind } from '@drover/campaign';
import type { CalibrationView, ModelView } from '@drover/contracts';
import { documentText } from '@drover/gitops';
import { calibrationText } from '../calibration-text.ts';
import { action, type Context } from '../context.ts';

/** What costs are counted by. Models are written and applied as documents; these look at them, and take them away. */
export function modelCommands(program: Command): void {
  const model = program.command('model').description('figures that airtime and energy are counted by');
  model
    .command('show')
    .description('the figures in force, each with where it comes from, as a document that can be applied')
    .argument('<model>', 'radio or energy')
    .option('--built-in', 'the built-in figures; asks no server')
    .action(action(show));
  model
    .command('calibration')
    .description('what transfers have shown of block times, beside what the figures say')
    .action(
      action(async ({ api, out }) => {
        const view = await api.get<CalibrationView>('models/calibration');
        out.say(calibrationText(view));
        out.result(view);
      }),
    );
  model
    .command('remove')
    .description('the built-in figures count again')
    .argument('<model>', 'radio or energy')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, name: string, { reason }: { reason: string }) => {
        kindOf(name);
        const removed = await api.post<{ removed: string }>(`models/${name}/remove`, { reason });
        out.say(`${removed.removed} is removed: the built-in figures count`);
        out.result(removed);
      }),
    );
}

async function show({ api, out }: Context, name: string, { builtIn = false }: { builtIn?: boolean }): Promise<void> {
  const kind = kindOf(name);
  const { source } = builtIn ? { source: costModelSource(kind) } : await api.get<ModelView>(`models/${name}`);
  out.say(documentText(source).trimEnd());
  out.result(source);
}

function kindOf(name: string): CostModelKind {
  const kind = costModelNamed(name);
  if (kind === undefined) throw new DroverError('USAGE', 'input', `there are the models radio and energy, not "${name.slice(0, 40)}"`);
  return kind;
}
