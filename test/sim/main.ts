import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateFleet } from './fleet.ts';
import { goalsOf } from './goals.ts';
import { ABLATIONS, BASELINES, DROVER, PACED } from './policies.ts';
import type { Contender } from './policies.ts';
import { plotsOf } from './plots.ts';
import { resultsPage } from './report.ts';
import type { Study } from './report.ts';
import { boundsOf, F0, F1, makespanRatios, mean, meanOutcome, runOf, sceneOf } from './runs.ts';
import type { Bounds, Run, Scene } from './runs.ts';

const HELP = `npm run sim -- [options]
  --seeds 42,43   fleets and chances of the tables (42,43,44,45,46)
  --unseen 101    seeds that nobody tuned on (101,102,103)
  --devices N     (100000)
  --cells N       (2000)
  --quick         Drover and one baseline only, on the first seed; writes nothing
  --out FOLDER    where scheduling-results.md and its plots go (docs)
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '42,43,44,45,46' },
    unseen: { type: 'string', default: '101,102,103' },
    devices: { type: 'string', default: '100000' },
    cells: { type: 'string', default: '2000' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: join(import.meta.dirname, '..', '..', 'docs') },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const seedsOf = (list: string): number[] => list.split(',').map(Number);
const size = { devices: Number(values.devices), cells: Number(values.cells) };
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function scenesOf(seeds: readonly number[], weather: typeof F1): Scene[] {
  return seeds.map((seed) => sceneOf(generateFleet({ seed, ...size }), seed, weather));
}

/** Only what is reported of a run is kept: a world of a hundred thousand devices is large. */
function runAll(contender: Contender, scenes: readonly Scene[], keep?: (run: Run) => void): Run[] {
  const runs = scenes.map((scene) => {
    const run = runOf(contender, scene);
    keep?.(run);
    return { ...run, world: undefined as unknown as Run['world'] };
  });
  const { t90, t99, inTimeNat, fleetAh } = meanOutcome(runs);
  say(
    `  ${contender.name}: DL nat ${(100 * inTimeNat).toFixed(2)} %, t90 ${t90.toFixed(1)} h, t99 ${t99.toFixed(1)} h, ${fleetAh.toFixed(0)} Ah, ${(mean(runs.map(({ ms }) => ms)) / 1000).toFixed(1)} s a run`,
  );
  return runs;
}

const seeds = values.quick ? seedsOf(values.seeds).slice(0, 1) : seedsOf(values.seeds);
say(`${size.devices} devices, ${size.cells} cells, seeds ${seeds.join(', ')}`);
const scenes = scenesOf(seeds, F1);
const outcomes = (contenders: readonly Contender[], on = scenes): { name: string; outcome: ReturnType<typeof meanOutcome> }[] =>
  contenders.map((contender) => ({ name: contender.name, outcome: meanOutcome(runAll(contender, on)) }));

if (values.quick) {
  outcomes([...BASELINES.filter(({ name }) => name.includes('1000')), ...DROVER]);
  process.exit(0);
}

const bounds: Bounds[] = scenes.map((scene) => boundsOf(scene));
const baselines = outcomes(BASELINES);
const paced = outcomes(PACED, scenes.slice(0, 3));
const plotted = plotsOf(scenes[0]!, bounds[0]!);
const drover = DROVER.map((contender) => ({ name: contender.name, outcome: meanOutcome(runAll(contender, scenes, plotted.take)) }));
const ablations = outcomes(ABLATIONS);
say('  without losses and missed contacts');
const still = scenesOf(seeds.slice(0, 1), F0);
const stillBounds = boundsOf(still[0]!);
const ratios: { name: string; outcome: Run['outcome']; makespans: number[] }[] = [];
for (const contender of DROVER)
  runAll(contender, still, (run) =>
    ratios.push({ name: contender.name, outcome: run.outcome, makespans: makespanRatios(run, stillBounds) }),
  );
const unseenSeeds = seedsOf(values.unseen);
say(`  seeds that nobody tuned on: ${unseenSeeds.join(', ')}`);
const unseen = outcomes(DROVER, scenesOf(unseenSeeds, F1));

const rate = baselines.find(({ name }) => name.includes('1000'))!.outcome;
const goals = goalsOf({
  fast: drover[0]!.outcome,
  eco: drover[1]!.outcome,
  rate,
  bounds,
  devices: mean(scenes.map(({ eligible }) => eligible.allCount)),
  medianMakespan: ratios[0]!.makespans[Math.floor(ratios[0]!.makespans.length / 2)]!,
});
const study: Study = {
  size,
  seeds,
  unseenSeeds,
  bounds,
  baselines,
  paced,
  drover,
  ablations,
  still: { bounds: stillBounds, ratios },
  unseen,
  goals,
};
mkdirSync(join(values.out, 'scheduling'), { recursive: true });
writeFileSync(join(values.out, 'scheduling-results.md'), resultsPage(study));
for (const [file, svg] of plotted.draw()) writeFileSync(join(values.out, 'scheduling', file), svg);
for (const { what, goal, reached, met } of goals)
  process.stdout.write(`${met ? 'met   ' : 'MISSED'}  ${what}: ${reached} (goal ${goal})\n`);
