import { randomBytes } from 'node:crypto';
import { openSync, readSync, closeSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { DroverError } from '@drover/kernel';

/** Larger ones hold no keys. */
const MAX_BYTES = 256 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
const STDIN = 0;
/** Twice what 128 bits of security ask for, and what every device takes. */
const NEW_KEY_BYTES = 32;

export const ENCODINGS = ['hex', 'base64'] as const;
export type KeyEncoding = (typeof ENCODINGS)[number];

/** A file, or `-` for standard input: what is secret is no argument, which everybody on the machine could read. */
export function readInput(file: string): Buffer {
  const from = file === '-' ? STDIN : openSync(file, 'r');
  const pieces: Buffer[] = [];
  let total = 0;
  for (;;) {
    const piece = Buffer.alloc(PIECE_BYTES);
    const read = readPiece(from, piece);
    if (read === 0) break;
    pieces.push(piece.subarray(0, read));
    if ((total += read) > MAX_BYTES) throw new DroverError('FILE_UNUSABLE', 'input', `${file} has more than ${MAX_BYTES} bytes`);
  }
  if (from !== STDIN) closeSync(from);
  return Buffer.concat(pieces);
}

/** A terminal or a pipe may have nothing yet. */
function readPiece(from: number, piece: Buffer): number {
  for (;;) {
    try {
      return readSync(from, piece);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** Typed without being shown. */
export async function prompt(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new DroverError(
      'USAGE',
      'input',
      'nobody can be asked for the key here: give --key-file FILE, or --key-file - for standard input',
    );
  process.stderr.write(`${question}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

/** Nothing is guessed: 32 hex digits are well-formed base64 as well, of another key. Answers base64; throws what is wrong, without the text. */
export function decodeKey(text: string, encoding: KeyEncoding): string {
  const trimmed = text.trim();
  if (encoding === 'hex') {
    if (!/^([0-9a-f]{2})+$/i.test(trimmed))
      throw new DroverError('KEY_ENCODING', 'input', 'the key is not hex; --encoding base64 takes base64');
    return Buffer.from(trimmed, 'hex').toString('base64');
  }
  const bytes = Buffer.from(trimmed, 'base64');
  if (trimmed === '' || bytes.toString('base64').replace(/=+$/, '') !== trimmed.replace(/=+$/, ''))
    throw new DroverError('KEY_ENCODING', 'input', 'the key is not base64; --encoding hex takes hex');
  return bytes.toString('base64');
}

/** Into a new file for its owner alone, before anything is done with it: a key that only the server has is of no use. */
export function newKeyInto(file: string, { endpoint, identity }: { endpoint: string; identity: string }): string {
  const key = randomBytes(NEW_KEY_BYTES);
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  writeFileSync(file, `endpoint,identity,key\r\n${cell(endpoint)},${cell(identity)},${key.toString('hex')}\r\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  return key.toString('base64');
}
