// Preloaded into each thread of the server: how late its event loop is. Nothing in the server knows of it.
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, threadId } from 'node:worker_threads';

/** The histogram counts from one look to the next, so this much is no delay, ms. */
const EVERY_MS = 5;
const REPORT_MS = 500;

const file = process.env.DROVER_BENCH_PROBE;
if (file !== undefined && !isMainThread) {
  const delay = monitorEventLoopDelay({ resolution: EVERY_MS });
  delay.enable();
  let begun = false;
  const report = setInterval(() => {
    // The measured stretch begins when somebody says so.
    if (!begun && existsSync(`${file}.begin`)) {
      delay.reset();
      begun = true;
    }
    const ms = (percent) => Math.max(0, delay.percentile(percent) / 1e6 - EVERY_MS);
    const seen = { script: process.argv[1], begun, p50: ms(50), p99: ms(99), p999: ms(99.9), max: Math.max(0, delay.max / 1e6 - EVERY_MS), count: delay.count };
    // Whoever looks must not find half of it.
    writeFileSync(`${file}.${threadId}.new`, JSON.stringify(seen));
    renameSync(`${file}.${threadId}.new`, `${file}.${threadId}.json`);
  }, REPORT_MS);
  report.unref();
}
