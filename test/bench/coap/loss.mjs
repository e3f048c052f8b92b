// Pushes through loss: what share of the datagrams is thrown away, on either way, is thrown away at the devices.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK, IMAGE_BYTES } from './datagrams.mjs';
import { Side } from './sides.mjs';

const DEVICES = 20;
const BLOCKS = IMAGE_BYTES / BLOCK;
const PATIENCE_MS = 300_000;

/** Every device gets the whole image; a request that was given up goes on with the same block under a new message id. */
async function pushThrough(loss) {
  const [devices, server] = [new Side('load.mjs', 1), new Side('subject.mjs', 0)];
  try {
    const { ports } = await devices.ask({ type: 'answer', count: DEVICES, loss });
    await devices.ask({ type: 'count' });
    const started = performance.now();
    await server.ask({ type: 'start', subject: 'pushOnce', ports });
    let seen = await server.ask({ type: 'look' });
    while (seen.done < DEVICES && performance.now() - started < PATIENCE_MS) {
      await sleep(250);
      seen = await server.ask({ type: 'look' });
    }
    const { received } = await devices.ask({ type: 'stop' });
    return { done: seen.done, datagrams: received, seconds: (performance.now() - started) / 1000 };
  } finally {
    devices.end();
    server.end();
  }
}

export async function lossLines(progress) {
  const lines = [];
  for (const percent of [1, 10]) {
    progress(`push of 1 MiB to ${DEVICES} devices, ${percent} % lost each way`);
    const { done, datagrams, seconds } = await pushThrough(percent / 100);
    const bound = (1.1 * DEVICES * BLOCKS) / (1 - percent / 100) ** 2;
    lines.push({ metric: `push, ${percent} % loss each way: devices that have it all`, value: done, unit: 'devices', goal: `${DEVICES}`, met: done === DEVICES });
    lines.push({
      metric: `push, ${percent} % loss each way: datagrams of ours, to blocks / (1 - p)²`,
      value: datagrams,
      unit: 'datagrams',
      peer: Math.round(bound / 1.1),
      ratio: Math.round((datagrams * 110) / bound) / 100,
      goal: 'ratio <= 1.1',
      met: datagrams <= bound,
    });
    lines.push({ metric: `push, ${percent} % loss each way: until the last has it`, value: Math.round(seconds * 10) / 10, unit: 's' });
  }
  return lines;
}
