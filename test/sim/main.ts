import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { edrx } from './edrx.ts';
import { generateFleet } from './fleet.ts';
import { goalsOf } from './goals.ts';
import { hiddenCapacity } from './hidden-capacity.ts';
import { largestCarriers } from './largest-carriers.ts';
import { installWindows } from './install-windows.ts';
import { missingCells } from './missing-cells.ts';
import { ABLATIONS, BASELINES, DROVER, PACED, RATE, STUDY_OWN } from './policies.ts';
import type { Contender } from './policies.ts';
import { plotsOf } from './plots.ts';
import { resultsPage } from './report.ts';
import type { Named, Study } from './report.ts';
import { boundsOf, F0, F1, makespanRatios, mean, meanOutcome, runOf, sceneOf } from './runs.ts';
import type { Bounds, Run, Scene } from './runs.ts';
import type { Section } from './section.ts';

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

const seedsOf = (list: string): number[] => list.split(',').map((each) => count('seed', each));
const size = { devices: count('devices', values.devices), cells: count('cells', values.cells) };
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function count(what: string, text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  process.stderr.write(`${what} "${text}" is not a whole number above 0\n\n${HELP}`);
  process.exit(2);
}

function scenesOf(seeds: readonly number[], weather: typeof F1): Scene[] {
  return seeds.map((seed) => sceneOf(generateFleet({ seed, ...size }), seed, weather));
}

/** Of each run only its outcome stays: a world of a hundred thousand devices is large. */
function runAll(contender: Contender, scenes: readonly Scene[], keep: (run: Run) => void): Named {
  const times: number[] = [];
  const outcome = meanOutcome(
    scenes.map((scene) => {
      const run = runOf(contender, scene);
      keep(run);
      times.push(run.ms);
      return run.outcome;
    }),
  );
  const { t90, t99, inTimeNat, fleetAh } = outcome;
  const figures = `DL nat ${(100 * inTimeNat).toFixed(2)} %, t90 ${t90.toFixed(1)} h, t99 ${t99.toFixed(1)} h, ${fleetAh.toFixed(0)} Ah`;
  say(`  ${contender.name}: ${figures}, ${(mean(times) / 1000).toFixed(1)} s a run`);
  return { name: contender.name, outcome };
}

const seeds = values.quick ? seedsOf(values.seeds).slice(0, 1) : seedsOf(values.seeds);
say(`${size.devices} devices, ${size.cells} cells, seeds ${seeds.join(', ')}`);
const scenes = scenesOf(seeds, F1);
const NOTHING = (): void => undefined;
const outcomes = (contenders: readonly Contender[], on = scenes, keep: (run: Run) => void = NOTHING): Named[] =>
  contenders.map((contender) => runAll(contender, on, keep));

if (values.quick) {
  outcomes([...BASELINES.filter(({ name }) => name === RATE), ...DROVER]);
  process.exit(0);
}

const bounds: Bounds[] = scenes.map((scene) => boundsOf(scene));
const baselines = outcomes(BASELINES);
const paced = outcomes(PACED, scenes.slice(0, 3));
const plotted = plotsOf(scenes[0]!);
const onFirst: Run['outcome'][] = [];
const drover = outcomes(DROVER, scenes, (run) => {
  plotted.take(run);
  if (run.scene === scenes[0]) onFirst.push(run.outcome);
});
const own = outcomes(STUDY_OWN);
const ablations = outcomes(ABLATIONS);
say('  without losses and missed contacts');
const still = sceneOf(scenes[0]!.fleet, seeds[0]!, F0);
const stillBounds = boundsOf(still);
const makespans: number[][] = [];
const ratios = outcomes([...DROVER, STUDY_OWN[0]!], [still], (run) => makespans.push(makespanRatios(run, stillBounds))).map(
  (named, place) => ({
    ...named,
    makespans: makespans[place]!,
  }),
);
const unseenSeeds = seedsOf(values.unseen);
say(`  seeds that nobody tuned on: ${unseenSeeds.join(', ')}`);
const unseen = outcomes(DROVER, scenesOf(unseenSeeds, F1));

say('  single carriers with radio that does not change');
const sections: Section[] = [await largestCarriers(scenes[0]!.fleet, seeds[0]!, { contenders: DROVER, own: STUDY_OWN[0]!, say })];
say('  carriers that have less than was said');
sections.push(hiddenCapacity(scenes[0]!, say));
say('  devices that do not tell their cell');
sections.push(missingCells(scenes[0]!, onFirst[0]!, say));
say('  install windows');
sections.push(installWindows(scenes[0]!, say));
say('  devices in eDRX');
sections.push(edrx(scenes[0]!, say));

const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)]!;
const rate = baselines.find(({ name }) => name === RATE)!.outcome;
const goals = goalsOf({
  fast: drover[0]!.outcome,
  eco: drover[1]!.outcome,
  rate,
  own: { fast: own[0]!.outcome, eco: own[1]!.outcome },
  bounds,
  devices: mean(scenes.map(({ eligible }) => eligible.allCount)),
  medianMakespan: median(ratios[0]!.makespans),
  ownMedianMakespan: median(ratios[2]!.makespans),
});
const study: Study = {
  size,
  seeds,
  unseenSeeds,
  bounds,
  baselines,
  paced,
  drover,
  own,
  ablations,
  still: { bounds: stillBounds, ratios },
  unseen,
  goals,
  sections,
};
mkdirSync(join(values.out, 'scheduling'), { recursive: true });
writeFileSync(join(values.out, 'scheduling-results.md'), resultsPage(study));
for (const [file, svg] of plotted.draw()) writeFileSync(join(values.out, 'scheduling', file), svg);
for (const { what, goal, reached, met } of [...goals, ...sections.flatMap((section) => section.goals)])
  process.stdout.write(`${met ? 'met   ' : 'MISSED'}  ${what}: ${reached} (goal ${goal})\n`);
