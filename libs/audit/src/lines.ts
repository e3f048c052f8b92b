/** A plan of a quarter million devices is one record of some twenty megabytes. */
export const LINE_MAX_BYTES = 64 * 1024 * 1024;

/** What no line of a bundle can be, in place of one that cannot be read. */
const UNREADABLE = '\u0000';
const LINE_FEED = 10;

/**
 * The lines of a bundle's bytes. Not left to a reader of text lines: those also break at U+2028, drop a byte order mark,
 * and turn every broken byte into the same character, so that a changed byte could pass unseen.
 */
export async function* bundleLines(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = (part: Uint8Array): void => {
    size += part.length;
    // Too long a line is refused, so its bytes need not be kept.
    if (size <= LINE_MAX_BYTES) parts.push(part);
  };
  const finish = (): string => {
    const text = size <= LINE_MAX_BYTES ? decode(Buffer.concat(parts)) : UNREADABLE;
    [parts, size] = [[], 0];
    return text;
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      take(chunk.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    take(chunk.subarray(start));
  }
  if (size > 0) yield finish();
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return UNREADABLE;
  }
}
