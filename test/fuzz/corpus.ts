import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, hexOf } from './target.ts';

/** Inputs that once reached something new, or broke something: a line of hex each, shortest first. */
const FOLDER = join(import.meta.dirname, '..', 'golden', 'fuzz');
/** Of one target, characters of hex: all of them together are read by every run of the tests. */
const MOST = 14_000;

const fileOf = (name: string): string => join(FOLDER, `${name}.txt`);

export function keptInputs(name: string): Uint8Array[] {
  if (!existsSync(fileOf(name))) return [];
  const lines = readFileSync(fileOf(name), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map(fromHex);
}

/** Comments stay, and the lines under them: they are findings of once, and are never dropped for want of room. */
export function keepInputs(name: string, inputs: readonly Uint8Array[]): number {
  mkdirSync(FOLDER, { recursive: true });
  const before = existsSync(fileOf(name)) ? readFileSync(fileOf(name), 'utf8').split('\n') : [];
  const findings = before.filter((line, at) => line.startsWith('#') || (before[at - 1]?.startsWith('#') ?? false));
  const found: string[] = [];
  let room = MOST;
  for (const hex of inputs.map(hexOf).sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    if (hex === '' || hex.length + 1 > room) continue;
    room -= hex.length + 1;
    found.push(hex);
  }
  writeFileSync(fileOf(name), [...findings, ...found, ''].join('\n'));
  return found.length;
}
