import {
  nextBlock,
  sizeOfSzx,
  onAnswer,
  startUpload,
  szxOfSize,
  CODE,
  type BlockUpload,
  type CoapTransport,
  type IncomingResponse,
  type PeerTiming,
  type RequestHandle,
} from '@drover/coap';
import { CONTENT_FORMAT, type FirmwareInput } from '@drover/lwm2m';
import type { CachedImage } from './cached-image.ts';
import type { Correlated } from './operations.ts';
import type { Registered } from './registry.ts';

/** Erasing flash on the first block keeps a device silent for seconds: its retransmission must not look like a new transfer. */
const FIRST_BLOCK_TIMEOUT_MS = 10_000;
const BUSY_RETRY_MS = 5_000;

export interface PushParts {
  readonly coap: CoapTransport;
  readonly image: CachedImage;
  /** Of the resource that takes the image. */
  readonly path: string;
  readonly blockSize: number;
  /** First timeout of block 0, where somebody has set it. */
  readonly firstBlockTimeoutMs: number | undefined;
  /** Wall milliseconds until a device that said 5.03 is tried again. */
  readonly busyRetryMs: number | undefined;
  readonly timing: PeerTiming | undefined;
  readonly now: () => number;
  /** Wall milliseconds to wait before the next block. */
  readonly pace: () => number;
  /** The device takes smaller blocks than it was offered. */
  readonly askedFor: (blockBytes: number) => void;
  readonly report: (input: FirmwareInput) => void;
  readonly sent: (block: { readonly offset: number; readonly bytes: number; readonly retransmissions: number }) => void;
  /** Protocol time-outs matter to people, not to a simulated radio. */
  readonly isCompressed: boolean;
}

/** Block1 push of one image: one block in flight, each after the answer to the one before and the pace of its carrier. */
export class Push {
  readonly #parts: PushParts;
  #device: Registered;
  #upload: BlockUpload;
  #handle: RequestHandle | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** The block under way went out once before, to another address: the device may have it. */
  #isResent = false;

  constructor(device: Registered, offset: number, parts: PushParts) {
    this.#parts = parts;
    this.#device = device;
    this.#upload = startUpload({ size: parts.image.size, szx: szxOfSize(parts.blockSize), offset });
  }

  /** The first block waits for its turn on the carrier as every other. */
  start(): void {
    this.#after(this.#parts.pace());
  }

  stop(): void {
    this.#stopped = true;
    this.hold();
  }

  /** Nothing more goes to where the device was. */
  hold(): void {
    clearTimeout(this.#timer);
    if (this.#handle) this.#parts.coap.cancelRequest(this.#handle, this.#parts.now());
  }

  /** Goes on at another address, with the block that was to come or was under way to the old one. */
  follow(device: Registered): void {
    this.#device = device;
    this.#isResent = true;
    this.#send();
  }

  giveUp(): void {
    this.#end({ type: 'push-failed', why: 'lost', offset: this.#upload.offset });
  }

  #send(): void {
    if (this.#stopped) return;
    const { coap, image, now, timing, path } = this.#parts;
    const { offset, length, block1, size1 } = nextBlock(this.#upload);
    const payload = image.read(offset, length);
    if (payload === undefined) return this.giveUp();
    const root = this.#device.rootPath === '/' ? [] : this.#device.rootPath.split('/').slice(1);
    const correlation: Correlated = {
      onResponse: (response, retransmissions) => this.#answered(response, { length, retransmissions }),
      onFailed: () => this.giveUp(),
    };
    const request = {
      method: 'PUT',
      path: [...root, ...path.split('/').slice(1)],
      contentFormat: CONTENT_FORMAT.OPAQUE,
      payload,
      block1,
      size1,
      correlation,
    } as const;
    coap.setTiming(this.#device.peer, timing, now());
    this.#handle = coap.request(
      this.#device.peer,
      {
        ...request,
        ...(offset === 0 && { ackTimeoutMs: this.#firstTimeoutMs }),
      },
      now(),
    );
  }

  get #firstTimeoutMs(): number | undefined {
    const { coap, firstBlockTimeoutMs, isCompressed } = this.#parts;
    if (firstBlockTimeoutMs !== undefined) return firstBlockTimeoutMs;
    return isCompressed ? undefined : Math.max(FIRST_BLOCK_TIMEOUT_MS, coap.timeoutOf(this.#device.peer));
  }

  #answered(response: IncomingResponse, { length, retransmissions }: { length: number; retransmissions: number }): void {
    if (this.#stopped) return;
    const outcome = onAnswer(this.#upload, {
      code: response.code,
      block1: response.options.block1,
      size1: response.options.size1,
      retransmissions,
    });
    const reached = outcome.type === 'done' ? this.#parts.image.size : 'upload' in outcome ? outcome.upload.offset : this.#upload.offset;
    this.#parts.sent({ offset: reached, bytes: length, retransmissions });
    switch (outcome.type) {
      case 'continue':
      case 'restart':
        if (outcome.upload.szx < this.#upload.szx) this.#parts.askedFor(sizeOfSzx(outcome.upload.szx));
        this.#upload = outcome.upload;
        this.#isResent = false;
        this.#parts.report({ type: 'block-acknowledged', offset: outcome.upload.offset });
        return this.#after(this.#parts.pace());
      case 'busy':
        return this.#after(this.#parts.busyRetryMs ?? BUSY_RETRY_MS);
      case 'done':
        return this.#end({ type: 'push-finished', certain: outcome.certain });
      case 'too-large':
        return this.#end({ type: 'push-failed', why: 'too-large', offset: this.#upload.offset });
      case 'rejected':
        return this.#end({
          type: 'push-failed',
          why: response.code === CODE.REQUEST_ENTITY_INCOMPLETE || this.#isResent ? 'lost' : 'rejected',
          offset: this.#upload.offset,
        });
    }
  }

  #after(ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) this.#send();
    else this.#timer = setTimeout(() => this.#send(), ms);
  }

  #end(input: FirmwareInput): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#parts.report(input);
  }
}
