import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DroverError, EXIT_CODE_OF } from '@drover/kernel';
import { CampaignClock, readConfig } from '@drover/platform';
import { readDeviceKeys, writeDeviceKeys } from './device-keys.ts';
import { planFleet } from './device-plan.ts';
import { Fleet } from './fleet.ts';
import { measure } from './measure.ts';
import { openFileLimit, sharesOf } from './processes.ts';
import type { Report } from './report.ts';
import { SETTINGS } from './settings.ts';
import { SpreadFleet, type RunningFleet } from './spread-fleet.ts';

const PROGRESS_EVERY_MS = 2000;
/** States of Object 5, in words for the progress line. */
const STATE_WORDS = ['idle', 'downloading', 'downloaded', 'updating', 'installed'];

type Order =
  | { readonly type: 'sighting' | 'report' | 'stop' }
  /** A person's Hold began or ended, campaign ms: what comes under it is a violation. */
  | { readonly type: 'hold'; readonly from?: number; readonly until?: number };

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof DroverError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = EXIT_CODE_OF[error.kind];
}

async function run(args: readonly string[]): Promise<void> {
  const {
    clock,
    report,
    processes,
    cells,
    switchOnS,
    measure: measured,
    keys,
    makeKeys,
    security,
    ...setting
  } = readConfig(SETTINGS, args, process.env);
  if (makeKeys !== '') return writeDeviceKeys(makeKeys, planFleet(setting), security);
  if (measured > 0) return void process.stdout.write(await measure(measured));
  const { devices, share } = setting;
  const shares = sharesOf(devices, { openFiles: openFileLimit(), wished: processes });
  const isSpread = share === undefined && shares.length > 1;
  const fleet: RunningFleet = isSpread
    ? new SpreadFleet({ script: fileURLToPath(import.meta.url), args, shares, airtime: setting.limits.airtime, died: fail })
    : new Fleet({
        ...setting,
        keys: keys === '' ? undefined : readDeviceKeys(keys),
        cells: cells || undefined,
        switchOnMs: 1000 * switchOnS || undefined,
        clock: new CampaignClock(clock),
      });
  const stop = async (): Promise<void> => {
    if (report !== '' && share === undefined) writeFileSync(report, `${JSON.stringify(await fleet.report(), null, 2)}\n`);
    fleet.stop();
    // A socket that is being closed still keeps the process for a moment, a parent that listens for ever.
    process.exit(0);
  };
  process.on('SIGINT', () => void (share === undefined && stop()));
  process.on('SIGTERM', () => void stop());
  fleet.start();
  if (process.send) listenToParent(fleet, devices, stop);
  else setInterval(() => void tellProgress(fleet), PROGRESS_EVERY_MS);
}

function fail(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exit(EXIT_CODE_OF.invariant);
}

function listenToParent(fleet: RunningFleet, devices: number, stop: () => Promise<void>): void {
  void fleet.ready.then(() => process.send?.({ type: 'ready', devices }));
  process.on('message', (order: Order) => {
    if (order.type === 'report') void answer(fleet, async () => ({ type: 'report', report: await fleet.report() }));
    else if (order.type === 'sighting') void answer(fleet, async () => ({ type: 'sighting', sighting: await fleet.sighting() }));
    else if (order.type === 'hold') fleet.hold(order);
    else if (order.type === 'stop') void stop();
  });
  process.on('disconnect', () => void stop());
}

/** With what is for the process that judges the whole fleet, if this is a part of one. */
async function answer(fleet: RunningFleet, say: () => Promise<object>): Promise<void> {
  const said = await say();
  process.send?.(fleet instanceof Fleet ? { ...said, rows: fleet.drain() } : said);
}

async function tellProgress(fleet: RunningFleet): Promise<void> {
  process.stderr.write(progressLine(await fleet.report()));
}

function progressLine({ devices, violations }: Report): string {
  const count = (of: (device: Report['devices'][number]) => boolean): number => devices.filter(of).length;
  const states = STATE_WORDS.map((word, state) => `${count((device) => device.state === state)} ${word}`);
  const broken = Object.values(violations).reduce((sum, violated) => sum + violated, 0);
  return `${devices.length} devices: ${states.join(', ')}; ${count(({ installs }) => installs > 0)} updated; ${broken} violations\n`;
}
