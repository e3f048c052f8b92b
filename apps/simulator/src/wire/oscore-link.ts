import {
  CODE,
  classOf,
  CoapError,
  decodeMessage,
  decodeOscoreOption,
  encodeMessage,
  innerOptions,
  openRequest,
  openResponse,
  OPTION,
  OscoreContext,
  OscoreError,
  protectRequest,
  protectResponse,
  readOptions,
  sequenceOf,
  writeOptions,
  type CoapMessage,
  type OscoreSecret,
  type RequestBinding,
} from '@drover/coap';

/** A security context of one device (Object 21), with its numbers in flash: sleep and a loss of power keep both. */
export class DeviceContext {
  readonly #secret: OscoreSecret;
  #context: OscoreContext | undefined;

  /** As the device has it: it is the sender. */
  constructor(secret: OscoreSecret) {
    this.#secret = secret;
  }

  get context(): OscoreContext {
    // Not before it is needed: a fleet has many.
    return (this.#context ??= new OscoreContext(this.#secret, { reserve: 0 }));
  }
}

export interface OscoreLinkParts {
  readonly key: DeviceContext;
  /** A datagram as it goes on the air. */
  readonly transmit: (bytes: Uint8Array) => void;
  /** What the server has said. */
  readonly deliver: (bytes: Uint8Array) => void;
}

/** A request of ours: as it was handed in, as it went out, and by which message id it was handed in. */
interface Asked {
  readonly token: string;
  readonly plain: Uint8Array;
  readonly askedAs: number;
  readonly messageId: number;
  readonly sealed: Uint8Array;
  readonly binding: RequestBinding;
}

/** A request of the server. */
interface Heard {
  readonly token: string;
  readonly messageId: number;
  readonly binding: RequestBinding;
  /** Answered with the number of the request: once, and the same again for a copy. */
  answer?: Uint8Array;
  readonly isObserving: boolean;
}

/** Requests remembered each way; a device has a few observers and one thing to ask at a time. */
const KEPT = 24;

/**
 * OSCORE (RFC 8613) as a small device has it: between its CoAP and its socket, message by message. A copy goes out as it did
 * before; a challenge (Echo) is answered here, and its CoAP hears of the answer only.
 */
export class OscoreLink {
  readonly #parts: OscoreLinkParts;
  readonly #asked: Asked[] = [];
  readonly #heard: Heard[] = [];

  constructor(parts: OscoreLinkParts) {
    this.#parts = parts;
  }

  /** A message of this device, protected where there is something to protect: an empty one has nothing. */
  send(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message.code === 0) return this.#parts.transmit(bytes);
    this.#parts.transmit(classOf(message.code) === 0 ? this.#askedOf(bytes, message).sealed : this.#answered(bytes, message));
  }

  /** What is not protected by the server is not heard, but an error: it may have no such context any more. */
  receive(datagram: Uint8Array): void {
    try {
      const message = decodeMessage(datagram);
      if (message.code === 0) return this.#empty(message);
      if (classOf(message.code) === 0) this.#onRequest(message);
      else this.#onAnswer(message);
    } catch (error) {
      if (!(error instanceof OscoreError) && !(error instanceof CoapError)) throw error;
    }
  }

  /** Nothing to begin anew: a context has no handshake. */
  forget(): void {
    this.#asked.splice(0);
  }

  get #context(): OscoreContext {
    return this.#parts.key.context;
  }

  #askedOf(bytes: Uint8Array, message: CoapMessage): Asked {
    const known = this.#asked.find(({ plain }) => Buffer.compare(plain, bytes) === 0);
    return known ?? this.#ask({ plain: bytes, askedAs: message.messageId }, message);
  }

  #ask({ plain, askedAs }: Pick<Asked, 'plain' | 'askedAs'>, message: CoapMessage): Asked {
    const { code, options, payload, messageId, token } = message;
    const { sealed, binding } = protectRequest(this.#context, { code, options: innerOptions(options), payload });
    const outside = { ...message, code: CODE_POST, options: writeOptions({ oscore: sealed.oscore }), payload: sealed.payload };
    const asked = { token: keyOf(token), plain, askedAs, messageId, sealed: encodeMessage(outside), binding };
    const before = this.#asked.findIndex((each) => each.plain === plain);
    if (before >= 0) this.#asked.splice(before, 1);
    keep(this.#asked, asked);
    return asked;
  }

  #answered(bytes: Uint8Array, message: CoapMessage): Uint8Array {
    const { code, options, payload, token } = message;
    const heard = this.#heard.findLast((each) => each.token === keyOf(token));
    if (heard === undefined) return bytes;
    const observe = options.find(({ number }) => number === OPTION.OBSERVE);
    if (heard.answer && heard.messageId === message.messageId && observe === undefined) return heard.answer;
    // A notification, and whatever is said twice to one request, has a number of its own.
    const ownNumber = heard.answer !== undefined;
    const inside = innerOptions(options).map((option) => (option === observe ? { ...option, value: new Uint8Array(0) } : option));
    const sealed = protectResponse(this.#context, heard.binding, { code, options: inside, payload }, { ownNumber });
    const outside = [...(observe ? [observe] : []), { number: OPTION.OSCORE, value: sealed.oscore }];
    const outer = observe === undefined ? CODE.CHANGED : CODE.CONTENT;
    const made = encodeMessage({ ...message, code: outer, options: outside, payload: sealed.payload });
    heard.answer ??= made;
    return made;
  }

  #onRequest(message: CoapMessage): void {
    const oscore = message.options.find(({ number }) => number === OPTION.OSCORE)?.value;
    const copy = this.#heard.findLast(({ messageId, token }) => messageId === message.messageId && token === keyOf(message.token));
    if (oscore === undefined) return;
    const option = decodeOscoreOption(oscore);
    if (copy !== undefined && option.piv !== undefined && Buffer.compare(copy.binding.piv, option.piv) === 0)
      return copy.answer && this.#parts.transmit(copy.answer);
    const { inner, binding } = openRequest(this.#context, option, message.payload);
    this.#context.received(sequenceOf(binding.piv));
    const isObserving = inner.options.some(({ number }) => number === OPTION.OBSERVE);
    keepHeard(this.#heard, { token: keyOf(message.token), messageId: message.messageId, binding, isObserving });
    this.#parts.deliver(encodeMessage({ ...message, code: inner.code, options: innerOptions(inner.options), payload: inner.payload }));
  }

  #onAnswer(message: CoapMessage): void {
    const asked = this.#asked.findLast(({ token }) => token === keyOf(message.token));
    if (asked === undefined) return;
    const { oscore } = readOptions(message, { takesOscore: true }).options;
    if (oscore === undefined) return void (classOf(message.code) > 2 && this.#tell(asked, message));
    const { inner } = openResponse(this.#context, asked.binding, { oscore, payload: message.payload });
    const { echo } = readOptions(inner).options;
    const isChallenge = inner.code === CODE.UNAUTHORIZED && echo !== undefined;
    if (!isChallenge) return this.#tell(asked, { ...message, ...inner });
    if (message.type === 'CON')
      this.#parts.transmit(encodeMessage({ ...message, type: 'ACK', code: 0, token: NONE, options: [], payload: NONE }));
    this.#askAgain(asked, echo);
  }

  /** The same request with what the server gave, under a message id of its own: the old one has been answered. */
  #askAgain({ plain, askedAs, messageId }: Asked, echo: Uint8Array): void {
    const message = decodeMessage(plain);
    const { options } = readOptions(message);
    const again = { ...message, messageId: (messageId + 0x4000) & 0xffff, options: writeOptions({ ...options, echo }) };
    this.#parts.transmit(this.#ask({ plain, askedAs }, again).sealed);
  }

  #empty(message: CoapMessage): void {
    const asked = this.#asked.find(({ messageId }) => messageId === message.messageId);
    this.#parts.deliver(encodeMessage({ ...message, messageId: asked?.askedAs ?? message.messageId }));
  }

  /** Under the message id that its CoAP knows. */
  #tell({ askedAs }: Asked, message: CoapMessage): void {
    const messageId = message.type === 'ACK' ? askedAs : message.messageId;
    this.#parts.deliver(encodeMessage({ ...message, messageId }));
  }
}

const CODE_POST = 0x02;
const NONE = new Uint8Array(0);

const keyOf = (token: Uint8Array): string => Buffer.from(token.buffer, token.byteOffset, token.length).toString('hex');

function keep(list: Asked[], item: Asked): void {
  list.push(item);
  if (list.length > KEPT) list.shift();
}

/** What observes is kept, the rest is forgotten in its order. */
function keepHeard(list: Heard[], item: Heard): void {
  list.push(item);
  const oldest = list.findIndex(({ isObserving }) => !isObserving);
  if (list.length > KEPT) list.splice(Math.max(0, oldest), 1);
}
