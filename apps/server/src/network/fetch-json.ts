import { DroverError } from '@drover/kernel';

/** Longest answer that is read, bytes, and longest wait for it, ms. */
const MOST_BYTES = 8 << 20;
const PATIENCE_MS = 20_000;

/** The JSON behind a URL, or `HINTS_UNREACHABLE`. Bounded in bytes and time: it is somebody else's server. */
export async function fetchJson(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw new TypeError(`answered ${response.status}`);
    return JSON.parse(await bounded(response)) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DroverError('HINTS_UNREACHABLE', 'transport', `${url}: ${why}`, { cause: error });
  }
}

async function bounded({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += (piece as Uint8Array).length;
    if (bytes > MOST_BYTES) throw new TypeError(`is longer than ${MOST_BYTES} bytes`);
    pieces.push(piece as Uint8Array);
  }
  return Buffer.concat(pieces).toString('utf8');
}
