import { appendFileSync, chmodSync, openSync } from 'node:fs';

/** Of its owner alone. */
const OWN = 0o600;

/**
 * Appends the secrets of sessions to a file, one line each, as protocol analysers read them. Development only: whoever has the
 * file and a recording can read everything. Throws what the file system throws.
 */
export function keyLogTo(path: string): (line: string) => void {
  const file = openSync(path, 'a', OWN);
  // It may have been there.
  chmodSync(path, OWN);
  return (line) => appendFileSync(file, `${line}\n`);
}
