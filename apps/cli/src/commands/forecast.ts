import type { Command } from 'commander';
import type { CellsView, CellView } from '@drover/contracts';
import { action, whole, type Context } from '../context.ts';
import { followForecast } from '../forecast-follow.ts';
import { forecastText } from '../forecast-text.ts';
import { table } from '../output.ts';

export interface ForecastOptions {
  readonly runs?: string;
  readonly seed?: string;
  readonly deltaSize?: string;
}

/** What is to come, and where it is narrow now. */
export function forecastCommands(program: Command): void {
  program
    .command('forecast')
    .description('what is to be expected of a campaign from now on: times, energy, bottlenecks, and what would change them')
    .argument('<campaign>')
    .option('--runs <count>', 'how often the rest is played, 1 to 200 (20)')
    .option('--seed <number>', 'the same state and seed give the same answer (1)')
    .option('--delta-size <bytes>', 'what an image of this size would change')
    .action(action(forecast));
  program
    .command('cells')
    .description('cells that are used or waited for, the fullest first')
    .option('--hot', 'only those near their budget, now or in the next hours, or crowded')
    .option('--limit <count>', 'at most so many, up to 1000', '100')
    .action(action(cells));
}

async function forecast(context: Context, name: string, options: ForecastOptions): Promise<void> {
  const done = await followForecast(context, `campaigns/${encodeURIComponent(name)}/forecast`, forecastBody(options));
  context.out.say(forecastText(done));
  context.out.result(done);
}

export function forecastBody({ runs, seed, deltaSize }: ForecastOptions): { runs?: number; seed?: number; deltaBytes?: number } {
  return {
    ...(runs === undefined ? {} : { runs: whole('--runs', runs) }),
    ...(seed === undefined ? {} : { seed: whole('--seed', seed) }),
    ...(deltaSize === undefined ? {} : { deltaBytes: whole('--delta-size', deltaSize) }),
  };
}

async function cells({ api, out }: Context, { hot = false, limit }: { hot?: boolean; limit: string }): Promise<void> {
  const view = await api.get<CellsView>('cells', { hot: String(hot), limit: whole('--limit', limit) });
  out.say(cellsText(view, hot));
  out.result(view);
}

export function cellsText({ total, cells: shown }: CellsView, hot: boolean): string {
  if (shown.length === 0) return hot ? 'no cell is hot' : 'no cell is used or waited for';
  const header = ['CELL', 'WAITING', 'LIVE', 'USED', 'BUDGET', 'PROMISED, BY THE HOUR', 'BLOCK TIME', 'BYTES/S', 'LOSS', ''];
  const rest = total > shown.length ? [`and ${total - shown.length} more`] : [];
  return [table(shown.map(cellRow), header), ...rest].join('\n');
}

/** Of what transfers on the cell have shown; block time over what the built-in figures say. */
function transferCells(transfers: CellView['transfers']): (string | number)[] {
  if (!transfers) return ['-', '-', '-'];
  const { slowness, bytesPerSecond, loss, measured } = transfers;
  return [measured === 0 ? '-' : `×${slowness.toFixed(2)}`, bytesPerSecond, `${(100 * loss).toFixed(1)} %`];
}

function cellRow({ carrier, waiting, live, used, budget, promised, isHot, isCrowded, isKnown, transfers }: CellView): (string | number)[] {
  const notes = [isHot && 'hot', isCrowded && 'crowded', !isKnown && 'cell unknown'].filter((note) => note !== false);
  return [
    carrier,
    waiting,
    live,
    used.toFixed(2),
    budget.toFixed(2),
    promised.map((part) => part.toFixed(2)).join(' '),
    ...transferCells(transfers),
    notes.join(', '),
  ];
}
