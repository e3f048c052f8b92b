import { CODE, MAX_SZX, offsetOf, sizeOfSzx, szxOfSize, type CoapRequest, type IncomingResponse } from '@drover/coap';
import { MINUTE, type Instant } from '@drover/kernel';
import type { Answer } from './exchanges.ts';
import type { Download } from '../device/flash.ts';
import { ImageIntake } from '../image.ts';
import type { Pull, PullParts, PullTarget } from './pull.ts';

/** A way to ask a server, by datagrams or by a stream. */
export interface Requester {
  request(peer: string, request: CoapRequest, listener: (answer: Answer | undefined) => void): void;
  close(): void;
}

const FIRST_BLOCK_BYTES = 512;
const MAX_SILENCES = 5;
const AFTER_SILENCE_MS = MINUTE;
/** "Later" without a time, and the longest that a device waits when it is put off again and again. */
const LATER_MS = MINUTE;
const LATEST_MS = 16 * MINUTE;

/**
 * A download by GETs with Block2. It goes on where `download` ends, in the block size the server chose, and begins anew
 * when the ETag says that the image is another.
 */
export class CoapPull implements Pull {
  readonly #parts: PullParts;
  /** Of its own: a pull comes from another port than the registration. */
  readonly #port: Requester;
  readonly #download: Download;
  readonly #peer: string;
  readonly #path: readonly string[];
  #silences = 0;
  #putOffMs: number = LATER_MS;
  #isOver = false;
  #isWaiting = false;

  constructor(download: Download, { host, path }: PullTarget, port: Requester, parts: PullParts) {
    this.#parts = parts;
    this.#port = port;
    this.#download = download;
    this.#peer = host;
    this.#path = path;
  }

  /** Between blocks a device stays awake; when it was put off it may sleep. */
  get isActive(): boolean {
    return !this.#isOver && !this.#isWaiting;
  }

  start(): void {
    this.#parts.after(this.#parts.blockMs(this.#blockBytes), () => this.#ask());
  }

  stop(): void {
    this.#isOver = true;
    this.#port.close();
  }

  get #blockBytes(): number {
    const { szx } = this.#download;
    return szx === undefined ? (this.#parts.blockBytes ?? FIRST_BLOCK_BYTES) : sizeOfSzx(szx);
  }

  /** The power went with the last block in hand: nothing is left to be asked for. */
  get #isAllThere(): boolean {
    const { intake, size, szx } = this.#download;
    return intake.length > 0 && (size === undefined ? szx !== undefined && intake.length % sizeOfSzx(szx) > 0 : intake.length >= size);
  }

  #ask(): void {
    if (this.#isOver) return;
    this.#isWaiting = false;
    const { intake } = this.#download;
    if (this.#isAllThere) return this.#end('complete');
    const szx = this.#download.szx ?? (this.#parts.blockBytes === undefined ? undefined : szxOfSize(this.#parts.blockBytes));
    // A first GET names no block, unless the device can take no more than its own: else the server says what size it likes.
    const block2 = szx === undefined ? undefined : { num: intake.length / sizeOfSzx(szx), more: false, szx };
    const askedAt = this.#parts.now();
    this.#port.request(this.#peer, { method: 'GET', path: this.#path, block2 }, (answer) => this.#answered(answer, askedAt));
  }

  #answered(answer: Answer | undefined, askedAt: Instant): void {
    if (this.#isOver) return;
    if (answer === undefined) return this.#silent();
    this.#silences = 0;
    const { response, retransmissions } = answer;
    switch (response.code) {
      case CODE.CONTENT:
        return this.#content(response, retransmissions > 0 ? askedAt : undefined);
      case CODE.SERVICE_UNAVAILABLE:
      case CODE.TOO_MANY_REQUESTS:
        return this.#putOff(response.options.maxAge);
      case CODE.NOT_FOUND:
        return this.#end(this.#download.intake.length === 0 ? 'uri-unknown' : 'connection-lost');
      default:
        return this.#end('connection-lost');
    }
  }

  #content({ options, payload }: IncomingResponse, askedAt: Instant | undefined): void {
    const download = this.#download;
    const block = options.block2 ?? { num: 0, more: false, szx: MAX_SZX };
    // It has no room for more, and drops what it cannot take.
    if (payload.length > (this.#parts.blockBytes ?? payload.length)) return this.#end('connection-lost');
    const isOther = download.etag !== undefined && Buffer.compare(download.etag, options.etag ?? new Uint8Array(0)) !== 0;
    if (isOther) return this.#beginAnew();
    const offset = offsetOf(block);
    if (offset !== download.intake.length || (block.more && payload.length !== sizeOfSzx(block.szx))) return this.#end('connection-lost');
    download.etag ??= options.etag?.slice();
    download.size ??= options.size2;
    download.szx = block.szx;
    this.#putOffMs = LATER_MS;
    if (!this.#parts.take({ payload, offset, askedAt, isLast: !block.more })) return this.stop();
    if (!block.more) return this.#end('complete');
    this.#parts.after(this.#parts.blockMs(payload.length), () => this.#ask());
  }

  #beginAnew(): void {
    this.#download.intake = new ImageIntake();
    this.#download.etag = undefined;
    this.#download.szx = undefined;
    this.#download.size = undefined;
    this.start();
  }

  #silent(): void {
    this.#silences += 1;
    if (this.#silences >= MAX_SILENCES) return this.#end('connection-lost');
    this.#later(AFTER_SILENCE_MS);
  }

  #putOff(maxAgeS: number | undefined): void {
    this.#later(Math.max(this.#putOffMs, (maxAgeS ?? 0) * 1000));
    this.#putOffMs = Math.min(LATEST_MS, this.#putOffMs * 2);
  }

  #later(campaignMs: number): void {
    this.#isWaiting = true;
    this.#parts.after(campaignMs, () => this.#ask());
  }

  #end(end: Parameters<PullParts['ended']>[0]): void {
    this.stop();
    this.#parts.ended(end);
  }
}
