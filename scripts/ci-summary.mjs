// Adds up what the tests, the runs with faults and demo wrote into `out/` and prints the one line that CI reads. Exits as the sum deserves.
import { readFileSync } from 'node:fs';

const stepsFailed = Number(process.argv[2] ?? 0);
let [passed, failed, skipped] = [0, 0, 0];

const read = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

for (const file of ['out/test.json', 'out/e2e.json', 'out/fleets.json']) {
  const result = read(file);
  if (!result) {
    process.stdout.write(`${file} is missing: that step did not come to its tests\n`);
    failed += 1;
    continue;
  }
  passed += result.numPassedTests;
  failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  skipped += result.numPendingTests + result.numTodoTests;
}

// Each run with faults counts as one test.
const faults = read('out/faults.json');
if (faults) {
  passed += faults.runs - faults.failing.length;
  failed += faults.failing.length;
} else failed += 1;

const demo = read('out/demo.json');
const demoGood = demo !== undefined && demo.violations === 0 && demo.evidence.verified === true;
if (demoGood) passed += 1;
else failed += 1;

// A step may fail without a failed test: a lint finding, a broken import rule.
if (stepsFailed > 0 && failed === 0) failed = stepsFailed;
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
