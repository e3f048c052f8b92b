import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DroverError, type Json } from '@drover/kernel';
import type { PlanView } from '@drover/contracts';
import { diffDocuments } from '@drover/gitops';
import { action, type Context } from '../context.ts';
import { loadDocuments } from '../documents.ts';
import { followForecast, type DoneForecast } from '../forecast-follow.ts';
import { energyText } from '../energy-text.ts';
import { forecastText } from '../forecast-text.ts';
import { counts, table } from '../output.ts';

interface SavedPlan {
  readonly droverPlan: 1;
  readonly documents: readonly unknown[];
  readonly digests: readonly string[];
}

/** validate, plan, diff, apply: Git on one side, the server on the other. */
export function gitopsCommands(program: Command): void {
  const files = (command: Command): Command =>
    command.requiredOption('-f, --file <path...>', 'file or folder of YAML documents; - is standard input');

  files(program.command('validate').description('check documents without a server')).action(action(validate));
  files(program.command('plan').description('show what apply would do: stages, exclusions with reasons, forecast'))
    .option('-o, --out <file>', 'save the plan; apply of it refuses when anything moved')
    .option('--exit-code', 'exit 1 when something would change')
    .option('--forecast', 'also what is to be expected of each campaign, as `drover forecast` tells it')
    .action(action(plan));
  files(program.command('diff').description('what differs between the files and the server; exits 0 same, 1 differs')).action(action(diff));
  program
    .command('apply')
    .description('apply documents, or a saved plan')
    .argument('[plan]', 'file written by plan -o')
    .option('-f, --file <path...>', 'file or folder of YAML documents; - is standard input')
    .action(action(apply));
}

async function validate({ out }: Context, { file }: { file: string[] }): Promise<void> {
  const documents = loadDocuments(file);
  out.say(table(documents.map(({ kind, metadata }) => [kind, metadata.name, 'valid'])));
  out.result(documents.map(({ kind, metadata }) => ({ kind, name: metadata.name, namespace: metadata.namespace })));
}

async function plan(
  context: Context,
  { file, out: target, exitCode, forecast }: { file: string[]; out?: string; exitCode?: boolean; forecast?: boolean },
): Promise<number> {
  const { api, out } = context;
  const documents = loadDocuments(file).map(({ source }) => source);
  const plans = await api.post<PlanView[]>('plan', { documents });
  for (const each of plans) out.say(planText(each));
  out.result(forecast ? { plans, forecasts: await forecastsOf(context, documents, plans) } : plans);
  if (target !== undefined) {
    const saved: SavedPlan = { droverPlan: 1, documents, digests: digestsIn(plans) };
    writeFileSync(target, `${JSON.stringify(saved, undefined, 2)}\n`);
    out.say(`saved to ${target}`);
  }
  return exitCode && plans.some(({ change }) => change !== 'none') ? 1 : 0;
}

/** Of each campaign that would be new, by itself: none of them is there yet for the others. */
async function forecastsOf(context: Context, documents: readonly Json[], plans: readonly PlanView[]): Promise<DoneForecast[]> {
  const isCampaign = (index: number): boolean => plans[index]?.kind === 'Campaign';
  const policies = documents.filter((_, index) => !isCampaign(index));
  const forecasts: DoneForecast[] = [];
  for (const [index, campaign] of documents.entries()) {
    if (!isCampaign(index) || plans[index]?.change === 'none') continue;
    const done = await followForecast(context, 'plan/forecast', { documents: [campaign, ...policies] });
    context.out.say(forecastText(done));
    forecasts.push(done);
  }
  return forecasts;
}

async function diff({ api, out }: Context, { file }: { file: string[] }): Promise<number> {
  const documents = loadDocuments(file).map(({ source }) => source);
  const plans = await api.post<PlanView[]>('plan', { documents });
  const differences = plans
    .filter(({ change }) => change !== 'none')
    .map(({ kind, name, change, before, after }) => ({ kind, name, change, differences: diffDocuments(before as never, after as never) }));
  for (const { kind, name, change, differences: lines } of differences) {
    out.say(`${change === 'create' ? '+' : '~'} ${kind} ${name}`);
    for (const { path, before, after } of lines)
      out.say(
        `    ${path === '' ? '(whole document)' : path}: ${before === undefined ? '' : `${JSON.stringify(before)} → `}${path === '' ? 'new' : JSON.stringify(after)}`,
      );
  }
  if (differences.length === 0) out.say('nothing differs');
  out.result(differences);
  return differences.length === 0 ? 0 : 1;
}

async function apply({ api, out }: Context, saved: string | undefined, { file }: { file?: string[] }): Promise<void> {
  if ((saved === undefined) === (file === undefined)) throw new DroverError('USAGE', 'input', 'apply takes either a saved plan or -f');
  const body = saved === undefined ? { documents: loadDocuments(file ?? []).map(({ source }) => source) } : savedPlan(saved);
  const plans = await api.post<PlanView[]>('apply', body);
  for (const { kind, name, change, plan: made, warnings } of plans) {
    out.say(
      `${change === 'none' ? 'unchanged' : change === 'create' ? 'created' : 'changed'}  ${kind} ${name}${made && change !== 'none' ? `  ${made.stages.reduce((sum, { endpoints }) => sum + endpoints.length, 0)} devices, plan ${made.digest}` : ''}`,
    );
    for (const warning of warnings) out.say(`  warning: ${warning}`);
  }
  out.result(plans);
}

function savedPlan(file: string): { documents: readonly unknown[]; expected: readonly string[] } {
  const text = readFileSync(file, 'utf8');
  let saved: SavedPlan;
  try {
    saved = JSON.parse(text) as SavedPlan;
  } catch {
    throw new DroverError('PLAN_FILE_INVALID', 'input', `${file} cannot be read as a saved plan`);
  }
  if (saved?.droverPlan !== 1 || !Array.isArray(saved.documents) || !Array.isArray(saved.digests))
    throw new DroverError('PLAN_FILE_INVALID', 'input', `${file} is no saved plan`);
  return { documents: saved.documents, expected: saved.digests };
}

function digestsIn(plans: readonly PlanView[]): string[] {
  return plans.flatMap(({ plan: made }) => (made ? [made.digest] : []));
}

interface ForecastView {
  readonly devices: number;
  readonly bytes: number;
  readonly airtimeHours: number;
  readonly energy: {
    readonly totalMah: number;
    readonly p50Mah: number;
    readonly p95Mah: number;
    /** Not in plans of before. */
    readonly p50Days?: number;
    readonly p95Days?: number;
  };
  readonly busiest: readonly { readonly carrier: string; readonly devices: number; readonly hours: number }[];
}

function energyOf({ totalMah, p50Mah, p95Mah, p50Days, p95Days }: ForecastView['energy']): string {
  return `${totalMah} mAh; a device p50 ${energyText(p50Mah, p50Days)}, p95 ${energyText(p95Mah, p95Days)} of battery life`;
}

function planText({ kind, name, change, plan: made, forecast, warnings }: PlanView): string {
  const lines = [
    `${change === 'create' ? '+' : change === 'change' ? '~' : ' '} ${kind} ${name}${change === 'none' ? ' (unchanged)' : ''}`,
  ];
  if (!made) return lines.join('\n');
  const { firmware } = made;
  if (firmware) lines.push(`    firmware ${firmware.name} ${firmware.version}, ${firmware.size} bytes, ${firmware.digest}`);
  for (const { name: stage, endpoints } of made.stages) lines.push(`    stage ${stage}: ${endpoints.length} devices`);
  const reasons: Record<string, number> = {};
  for (const { code } of made.excluded) reasons[code] = (reasons[code] ?? 0) + 1;
  if (made.excluded.length > 0) {
    lines.push(`    excluded: ${counts(reasons)}`);
    for (const { endpoint, code, detail } of made.excluded.slice(0, 10)) lines.push(`      ${endpoint}  ${code}  ${detail}`);
    if (made.excluded.length > 10) lines.push(`      … and ${made.excluded.length - 10} more (--json lists all)`);
  }
  if (forecast) lines.push(...costText(forecast as ForecastView));
  for (const warning of warnings) lines.push(`    warning: ${warning}`);
  lines.push(`    plan digest ${made.digest}`);
  return lines.join('\n');
}

function costText({ bytes, airtimeHours, energy, busiest }: ForecastView): string[] {
  const sum = `    forecast: ${(bytes / 1e6).toFixed(2)} MB on air, ${airtimeHours} h of airtime, ${energyOf(energy)}`;
  const cells = busiest
    .slice(0, 3)
    .map(({ carrier, devices, hours }) => `      ${carrier}: ${devices} devices, at least ${hours} h at its airtime share`);
  return [sum, ...cells];
}
