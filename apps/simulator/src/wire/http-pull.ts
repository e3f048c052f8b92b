import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { MINUTE } from '@drover/kernel';
import type { Download } from '../device/flash.ts';
import { ImageIntake } from '../image.ts';
import type { Pull, PullParts } from './pull.ts';

const DEFAULT_BYTES = 1024;
const MAX_FAILURES = 5;
const AFTER_FAILURE_MS = MINUTE;

/**
 * A download by HTTP/1.1, read at the speed of the radio. It goes on with `Range` and `If-Range` where the download ends, and
 * begins anew when the server sends the whole thing all the same.
 */
export class HttpPull implements Pull {
  readonly #parts: PullParts;
  readonly #download: Download;
  #request: ClientRequest | undefined;
  #failures = 0;
  #isOver = false;
  #isWaiting = false;

  constructor(download: Download, parts: PullParts) {
    this.#parts = parts;
    this.#download = download;
  }

  get isActive(): boolean {
    return !this.#isOver && !this.#isWaiting;
  }

  start(): void {
    if (this.#isOver) return;
    this.#isWaiting = false;
    const { uri, intake, etag } = this.#download;
    const range =
      intake.length === 0 ? {} : { Range: `bytes=${intake.length}-`, ...(etag && { 'If-Range': Buffer.from(etag).toString() }) };
    this.#request = get(uri, { headers: range, agent: false }, (response) => this.#answered(response));
    this.#request.on('error', () => this.#failed());
  }

  stop(): void {
    this.#isOver = true;
    this.#request?.destroy();
  }

  #answered(response: IncomingMessage): void {
    if (this.#isOver) return void response.destroy();
    const { statusCode = 0, headers } = response;
    if (statusCode === 404 || statusCode === 410) return this.#end(this.#download.intake.length === 0 ? 'uri-unknown' : 'connection-lost');
    if (statusCode === 503 || statusCode === 429) return this.#later(Math.max(MINUTE, 1000 * Number(headers['retry-after'] ?? 0)));
    if (statusCode !== 200 && statusCode !== 206) return this.#end('connection-lost');
    if (statusCode === 200 && this.#download.intake.length > 0) this.#download.intake = new ImageIntake();
    if (headers.etag !== undefined) this.#download.etag = Buffer.from(headers.etag);
    this.#download.size = this.#download.intake.length + Number(headers['content-length'] ?? 0) || undefined;
    this.#read(response);
  }

  /** One piece at a time: the next is read when the radio has had the time for this one. */
  #read(response: IncomingMessage): void {
    response.on('error', () => this.#failed());
    let hasEnded = false;
    response.on('end', () => (hasEnded = true));
    const next = (): void => {
      if (this.#isOver) return;
      const size = this.#download.size ?? Infinity;
      const wanted = Math.min(this.#parts.blockBytes ?? DEFAULT_BYTES, size - this.#download.intake.length);
      const piece = (response.read(wanted) ?? (response.readableEnded || hasEnded ? undefined : null)) as Buffer | null | undefined;
      if (piece === null) return void response.once('readable', next);
      if (piece === undefined) return this.#failed();
      this.#failures = 0;
      const offset = this.#download.intake.length;
      const isLast = offset + piece.length >= size;
      if (!this.#parts.take({ payload: piece, offset, askedAt: undefined, isLast })) return this.stop();
      if (isLast) return this.#end('complete');
      this.#parts.after(this.#parts.blockMs(piece.length), next);
    };
    response.once('readable', next);
    // The connection may close while what it brought is still being read at the speed of the radio.
    response.on('close', () => !response.complete && this.#failed());
  }

  #failed(): void {
    if (this.#isOver || this.#isWaiting) return;
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) return this.#end('connection-lost');
    this.#later(AFTER_FAILURE_MS);
  }

  #later(campaignMs: number): void {
    if (this.#isOver || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#request?.destroy();
    this.#parts.after(campaignMs, () => this.start());
  }

  #end(end: Parameters<PullParts['ended']>[0]): void {
    if (this.#isOver) return;
    this.stop();
    this.#parts.ended(end);
  }
}
