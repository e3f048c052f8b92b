import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Sighting } from '../../apps/simulator/src/report.ts';

jest.setTimeout(300_000);

const MAIN = join(import.meta.dirname, '..', 'system', 'main.mjs');
const DEVICES = 400;

interface Result {
  readonly outcomes: readonly {
    readonly phase: string;
    readonly inFleet: number;
    readonly succeeded: number;
    readonly unaccounted: number;
  }[];
  readonly sighting: Sighting;
  readonly appointments: { readonly made: number };
  readonly faults: readonly string[];
  readonly late: number;
}

/** `npm run system` as a user runs it, smaller. */
describe('the whole system, two campaigns on one budget', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-system-'));
  let status: number;
  let result: Result;

  beforeAll(async () => {
    const json = join(folder, 'result.json');
    // In two processes: each carrier has devices in both.
    const args = ['--devices', String(DEVICES), '--cells', '10', '--scale', '400', '--processes', '2', '--json', json];
    status = await new Promise((resolve) => {
      execFile(process.execPath, [MAIN, ...args], { env: { ...process.env, NODE_OPTIONS: '' } }, (error) =>
        resolve(Number(error?.code ?? 0)),
      );
    });
    result = JSON.parse(readFileSync(json, 'utf8')) as Result;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('violates nothing, by what the devices have seen', () => {
    expect(result.sighting.samples).toEqual([]);
    expect(Object.values(result.sighting.violations).reduce((sum, count) => sum + count, 0)).toBe(0);
    expect(result.sighting.air.carrierMinutesOver).toBe(0);
  });

  it('has something to be judged by', () => {
    expect(result.sighting.air.carrierMinutes).toBeGreaterThan(100);
    expect(result.sighting.air.worst?.ofBudget).toBeGreaterThan(0.2);
    expect(result.appointments.made).toBeGreaterThan(0);
  });

  it('accounts for every device, and updates most of them', () => {
    for (const { phase, unaccounted, succeeded, inFleet } of result.outcomes) {
      expect(phase).toBe('finished');
      expect(unaccounted).toBe(0);
      expect(succeeded).toBeGreaterThan(0.7 * inFleet);
    }
    expect(result.outcomes.reduce((sum, { inFleet }) => sum + inFleet, 0)).toBe(DEVICES);
  });

  it('calls that good', () => {
    expect(result.faults).toEqual([]);
    expect(status).toBe(0);
  });
});
