import { createHash, type Hash } from 'node:crypto';
import { seededRandom } from '@drover/kernel';

export const MODEL = 'WM-300';
/** Of the modem: the demo's image. */
export const COMPONENT = 'wm-modem';
/** A first line longer than this is no header of ours. */
const MAX_HEADER_BYTES = 1024;
const NEWLINE = 0x0a;

interface Header {
  readonly droverImage: 1;
  readonly component: string;
  readonly version: string;
  readonly model: string;
  readonly bodySha256: string;
}

export interface ImageWish {
  readonly version: string;
  readonly size: number;
  readonly seed: number;
  /** What it is for; the modem if nothing is said. */
  readonly component?: string;
}

/** A firmware image of the demo's own format: one line of JSON, then the body. `size` counts both. */
export function makeImage({ version, size, seed, component = COMPONENT }: ImageWish): Buffer {
  const header = (bodySha256: string): Buffer =>
    Buffer.from(`${JSON.stringify({ droverImage: 1, component, version, model: MODEL, bodySha256 } satisfies Header)}\n`);
  const random = seededRandom(seed);
  const bodyBytes = Math.max(0, size - header('0'.repeat(64)).length);
  const body = Buffer.from(Uint8Array.from({ length: bodyBytes }, () => Math.floor(random() * 256)));
  return Buffer.concat([header(createHash('sha256').update(body).digest('hex')), body]);
}

export type Verdict = 'verified' | 'damaged' | 'unsupported';

export interface TakenImage {
  readonly verdict: Verdict;
  /** Of the whole image, `sha256:…`. */
  readonly digest: string;
  /** Where the header can be read. */
  readonly version?: string;
  readonly component?: string;
}

/** Takes an image in block by block, in order, without keeping it: a fleet of thousands must fit into memory. */
export class ImageIntake {
  readonly #whole: Hash = createHash('sha256');
  readonly #body: Hash = createHash('sha256');
  #head: Buffer = Buffer.alloc(0);
  #header: Partial<Header> | undefined;
  #headEnded = false;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Everything from here on is body. */
  get isInBody(): boolean {
    return this.#headEnded;
  }

  add(bytes: Uint8Array): void {
    this.#whole.update(bytes);
    this.#length += bytes.length;
    if (this.#headEnded) this.#body.update(bytes);
    else this.#addToHead(bytes);
  }

  /** Ends the intake; nothing may be added afterwards. */
  finish(): TakenImage {
    const digest = `sha256:${this.#whole.digest('hex')}`;
    const header = this.#header;
    if (header?.droverImage !== 1 || header.model !== MODEL || typeof header.version !== 'string')
      return { verdict: 'unsupported', digest };
    const isWhole = this.#body.digest('hex') === header.bodySha256;
    const component = typeof header.component === 'string' ? header.component : undefined;
    return { verdict: isWhole ? 'verified' : 'damaged', digest, version: header.version, component };
  }

  #addToHead(bytes: Uint8Array): void {
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(NEWLINE);
    if (end < 0 && this.#head.length <= MAX_HEADER_BYTES) return;
    this.#headEnded = true;
    if (end >= 0) {
      this.#header = headerOf(this.#head.subarray(0, end));
      this.#body.update(this.#head.subarray(end + 1));
    }
    this.#head = Buffer.alloc(0);
  }
}

function headerOf(line: Buffer): Partial<Header> | undefined {
  try {
    const parsed: unknown = JSON.parse(line.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
