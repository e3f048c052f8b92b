import { writeFileSync } from 'node:fs';
import { DroverError, EXIT_CODE_OF } from '@drover/kernel';
import { CampaignClock, readConfig } from '@drover/platform';
import { Fleet, type Report } from './fleet.ts';
import { SETTINGS } from './settings.ts';

const PROGRESS_EVERY_MS = 2000;
/** States of Object 5, in words for the progress line. */
const STATE_WORDS = ['idle', 'downloading', 'downloaded', 'updating'];

type Order = { readonly type: 'report' | 'stop' };

try {
  run();
} catch (error) {
  if (!(error instanceof DroverError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = EXIT_CODE_OF[error.kind];
}

function run(): void {
  const { clock, report, ...rest } = readConfig(SETTINGS, process.argv.slice(2), process.env);
  const fleet = new Fleet({ ...rest, clock: new CampaignClock(clock) });
  const stop = (): void => {
    if (report !== '') writeFileSync(report, `${JSON.stringify(fleet.report(), null, 2)}\n`);
    fleet.stop();
    // A socket that is being closed still keeps the process for a moment, a parent that listens for ever.
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  fleet.start();
  if (process.send) listenToParent(fleet, rest.devices, stop);
  else setInterval(() => process.stderr.write(progressLine(fleet.report())), PROGRESS_EVERY_MS);
}

function listenToParent(fleet: Fleet, devices: number, stop: () => void): void {
  void fleet.ready.then(() => process.send?.({ type: 'ready', devices }));
  process.on('message', ({ type }: Order) => {
    if (type === 'report') process.send?.({ type: 'report', report: fleet.report() });
    else if (type === 'stop') stop();
  });
  process.on('disconnect', stop);
}

function progressLine({ devices, violations }: Report): string {
  const count = (of: (device: Report['devices'][number]) => boolean): number => devices.filter(of).length;
  const states = STATE_WORDS.map((word, state) => `${count((device) => device.state === state)} ${word}`);
  const broken = Object.values(violations).reduce((sum, violated) => sum + violated, 0);
  return `${devices.length} devices: ${states.join(', ')}; ${count(({ installs }) => installs > 0)} updated; ${broken} violations\n`;
}
