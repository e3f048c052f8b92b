import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import {
  BERT_SZX,
  CoapError,
  decodeBlock,
  decodeFrame,
  decodeMessage,
  encodeBlock,
  encodeFrame,
  encodeMessage,
  FrameDecoder,
  MAX_SZX,
  offsetOf,
  OPTION,
  peekHeader,
  readOptions,
  writeOptions,
} from '@drover/coap';
import type { RawOption, StreamMessage } from '@drover/coap';
import { COAP_VECTORS } from '../../golden/coap.ts';
import { sampler } from '../generate.ts';
import { demand, fromHex, hexOf, join, sameBytes } from '../target.ts';
import type { Target } from '../target.ts';

const GUIDE = ['/libs/coap/dist/'];
const datagrams = (): Uint8Array[] => COAP_VECTORS.map(({ hex }) => fromHex(hex));

/** Each option number as it begins an option list, and the forms of longer deltas and lengths. */
const TOKENS = [
  ...Object.values(OPTION).map((number) =>
    number < 13 ? Uint8Array.of(number << 4) : number < 269 ? Uint8Array.of(0xd0, number - 13) : Uint8Array.of(0xe0, 0, number - 269),
  ),
  Uint8Array.of(0xff),
  Uint8Array.of(0xdd, 0, 0),
  Uint8Array.of(0xee, 0, 0, 0, 0),
  ...['rd', 'ep=a', 'lt=60', 'dp', 'fw'],
];

const option = fc.record({
  number: fc.oneof(fc.constantFrom(...Object.values(OPTION)), fc.integer({ min: 0, max: 65_535 })),
  value: fc.oneof({ arbitrary: fc.uint8Array({ maxLength: 9 }), weight: 4 }, { arbitrary: fc.uint8Array({ maxLength: 300 }), weight: 1 }),
});
const parts = fc.record({
  code: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 65, 68, 69, 95, 132, 225, 226, 228, 229), fc.integer({ min: 0, max: 255 })),
  token: fc.uint8Array({ maxLength: 8 }),
  options: fc.array(option, { maxLength: 8 }).map((list): RawOption[] => [...list].sort((a, b) => a.number - b.number)),
  payload: fc.uint8Array({ maxLength: 64 }),
});
const message = fc.record({
  type: fc.constantFrom('CON' as const, 'NON' as const, 'ACK' as const, 'RST' as const),
  messageId: fc.nat(65_535),
  parts,
});
const aDatagram = sampler(message, ({ type, messageId, parts: rest }) => encodeMessage({ type, messageId, ...rest }));
const aFrame = sampler(parts, (rest) => encodeFrame(rest));

/** CoAP has one encoding for each message, so what was decoded must come out byte for byte. */
const coapMessage: Target = {
  name: 'coap-message',
  kind: 'decoder',
  maxBytes: 1400,
  guide: GUIDE,
  seeds: datagrams,
  tokens: TOKENS,
  generate: aDatagram,
  run(input, thorough) {
    const header = peekHeader(input);
    const decoded = decodeMessage(input);
    demand(header?.messageId === decoded.messageId && header.type === decoded.type, 'peekHeader and decodeMessage disagree');
    demand(sameBytes(encodeMessage(decoded), input), 'encoded again it is another datagram');
    if (thorough) demand(isDeepStrictEqual(decodeMessage(input), decoded), 'decoded twice it is another message');
    return decoded;
  },
};

/** Options by name, read and written; with blocks of streams as well. */
const coapOptions: Target = {
  name: 'coap-options',
  kind: 'decoder',
  maxBytes: 1400,
  guide: GUIDE,
  seeds: datagrams,
  tokens: TOKENS,
  generate: aDatagram,
  run(input) {
    const decoded = decodeMessage(input);
    return [MAX_SZX, BERT_SZX].map((szx) => {
      const read = readOptions(decoded, { maxSzx: szx });
      if (read.badCritical !== undefined) demand((read.badCritical & 1) === 1, `option ${read.badCritical} is elective`);
      else {
        const written = writeOptions(read.options, szx);
        demand(
          written.every((one) => decoded.options.some((other) => isSameOption(one, other))),
          'an option that nobody sent, or with another value',
        );
        const again = readOptions({ options: written }, { maxSzx: szx });
        demand(isDeepStrictEqual(again, read), 'written and read again the options are others');
      }
      return read;
    });
  },
};

/** Numbers may come with zeros in front, and are written without. */
function isSameOption(a: RawOption, b: RawOption): boolean {
  const start = b.value.findIndex((byte) => byte !== 0);
  return (
    a.number === b.number &&
    (sameBytes(a.value, b.value) || sameBytes(a.value, start < 0 ? b.value.subarray(0, 0) : b.value.subarray(start)))
  );
}

const coapBlock: Target = {
  name: 'coap-block',
  kind: 'decoder',
  maxBytes: 5,
  guide: GUIDE,
  seeds: () => ['', '0d', '1d', 'fff5', '010e', 'ffffff'].map(fromHex),
  run(input) {
    for (const szx of [MAX_SZX, BERT_SZX]) {
      const block = decodeBlock(input, szx);
      if (block === undefined) continue;
      demand(isDeepStrictEqual(decodeBlock(encodeBlock(block, szx), szx), block), 'encoded and decoded again it is another block');
      demand(offsetOf(block) <= 0xfffff * 1024 && block.szx <= szx, 'a block beyond the limits of RFC 7959');
    }
  },
};

const framesSeeds = (): Uint8Array[] =>
  datagrams().map((bytes) => {
    const { code, token, options, payload } = decodeMessage(bytes);
    return encodeFrame({ code, token, options, payload });
  });

const coapFrame: Target = {
  name: 'coap-frame',
  kind: 'decoder',
  maxBytes: 1400,
  guide: GUIDE,
  seeds: framesSeeds,
  tokens: TOKENS,
  generate: aFrame,
  run(input, thorough) {
    const decoded = decodeFrame(input);
    demand(sameBytes(encodeFrame(decoded), input), 'encoded again it is another frame');
    if (thorough) demand(isDeepStrictEqual(decodeFrame(input), decoded), 'decoded twice it is another message');
    return decoded;
  },
};

const MAX_FRAME = 1152;

/** Everything that a decoder makes of the pieces, or the code it gives up with. */
function framesOf(pieces: readonly Uint8Array[]): string[] {
  const decoder = new FrameDecoder(MAX_FRAME);
  const found: string[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) found.push(textOfFrame(next));
      demand(decoder.kept <= MAX_FRAME, `${decoder.kept} bytes are kept`);
    }
  } catch (error) {
    if (!(error instanceof CoapError)) throw error;
    found.push(error.code);
  }
  return found;
}

const textOfFrame = (frame: StreamMessage): string => hexOf(encodeFrame(frame));

/** A stream in one piece, in single bytes, and in pieces as the first byte says, is the same stream. */
const coapStream: Target = {
  name: 'coap-stream',
  kind: 'decoder',
  maxBytes: 3000,
  guide: GUIDE,
  seeds: () => [join(Uint8Array.of(3), ...framesSeeds()), ...framesSeeds().map((frame) => join(Uint8Array.of(1), frame))],
  tokens: TOKENS,
  generate: (random) => join(Uint8Array.of(random.below(16)), aFrame(random), aFrame(random)),
  run(input, thorough) {
    const [step = 0] = input;
    const stream = input.subarray(1);
    const whole = framesOf([stream]);
    const cut = framesOf(cutInto(stream, 1 + step));
    demand(isDeepStrictEqual(cut, whole), `in pieces of ${1 + step} bytes it is another stream`);
    if (thorough) demand(isDeepStrictEqual(framesOf(cutInto(stream, 1)), whole), 'in single bytes it is another stream');
    return whole;
  },
};

function cutInto(bytes: Uint8Array, step: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) => bytes.subarray(at * step, (at + 1) * step));
}

export const COAP_MESSAGES: readonly Target[] = [coapMessage, coapOptions, coapBlock, coapFrame, coapStream];
