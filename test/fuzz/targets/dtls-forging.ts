import {
  CONTENT,
  decodeHelloVerifyRequest,
  encodeFragment,
  encodeRecord,
  MESSAGE,
  NO_CID,
  readFragments,
  readRecords,
  VERSION_1_2,
} from '@drover/dtls';
import type { Script } from '../script.ts';

const TYPES = [...Object.values(CONTENT), 0, 24, 26, 255];
const MESSAGES = [...Object.values(MESSAGE), 5, 21, 255];
const VERSIONS = [VERSION_1_2, VERSION_1_2, VERSION_1_2, 0xfeff, 0x0303, 0];
const NUMBERS = [0, 1, 2, 3, 5, 8, 63, 64, 65, 1000, 2 ** 32, 2 ** 48 - 2, 2 ** 48 - 1];
const MESSAGE_NUMBERS = [0, 1, 2, 3, 4, 7, 8, 255, 256, 65_535];
const LENGTHS = [0, 1, 12, 32, 48, 600, 8192, 8193, 2 ** 24 - 1];

/** A datagram as it came, with something else about it. */
export function mutated(script: Script, bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  const at = script.uint16() % Math.max(1, out.length);
  switch (script.below(8)) {
    case 0:
      return out.subarray(0, at);
    case 1:
      return Buffer.concat([out, script.bytes(script.below(40))]);
    case 2:
      return Buffer.concat([out.subarray(0, at), script.bytes(1 + script.below(8)), out.subarray(at)]);
    case 3:
      return Buffer.concat([out.subarray(0, at), out.subarray(at + 1 + script.below(8))]);
    case 4:
      return Buffer.concat([out, out]);
    case 5:
      if (at + 2 <= out.length) out.writeUInt16BE(script.uint16(), at);
      return out;
    default:
      for (let more = 1 + script.below(3); more > 0 && out.length > 0; more--) out[script.uint16() % out.length] = script.byte();
      return out;
  }
}

const RANDOM_END = 2 + 32;

/** The cookie of a HelloVerifyRequest, if that is what it is. */
export function cookieOf(bytes: Buffer): Buffer | undefined {
  const [record] = readRecords(bytes, 0);
  const [message] = record?.type === CONTENT.handshake ? (readFragments(record.fragment) ?? []) : [];
  return message?.type === MESSAGE.hello_verify_request ? decodeHelloVerifyRequest(message.bytes) : undefined;
}

/** The body of a hello, if a datagram is one. */
export function helloOf(bytes: Buffer): Buffer | undefined {
  const [record] = readRecords(bytes, 0);
  const [message] = record?.epoch === 0 ? (readFragments(record.fragment) ?? []) : [];
  return message?.type === MESSAGE.client_hello ? message.bytes : undefined;
}

/** A hello of somebody's own, made of another's: numbers as the script has them, and the cookie that he was told. */
export function helloWith(script: Script, body: Buffer): (cookie: Buffer) => Buffer {
  const idEnd = RANDOM_END + 1 + body[RANDOM_END]!;
  const cookieEnd = idEnd + 1 + body[idEnd]!;
  const [sequence, number] = [script.pick(MESSAGE_NUMBERS), script.pick(NUMBERS)];
  const own = script.byte();
  const behind = script.flag() ? body.subarray(cookieEnd) : mutated(script, body.subarray(cookieEnd));
  return (told) => {
    const start = Buffer.from(body.subarray(0, idEnd));
    start[2] = own;
    const whole = Buffer.concat([start, Buffer.of(told.length), told, behind]);
    const fragment = encodeFragment({ type: MESSAGE.client_hello, sequence, length: whole.length, offset: 0, bytes: whole });
    return encodeRecord({ type: CONTENT.handshake, version: VERSION_1_2, epoch: 0, sequence: number, cid: NO_CID }, fragment);
  };
}

/** A record that nobody has sent; `cids` are those that it may carry. */
export function madeUp(script: Script, cids: readonly Uint8Array[]): Buffer {
  const type = script.pick(TYPES);
  const cid = type === CONTENT.tls12_cid && cids.length > 0 ? script.pick(cids) : NO_CID;
  const epoch = script.pick([0, 0, 1, 1, 2, 65_535]);
  const content = type === CONTENT.handshake && epoch === 0 ? fragment(script) : Buffer.from(script.bytes(script.below(80)));
  return encodeRecord({ type, version: script.pick(VERSIONS), epoch, sequence: script.pick(NUMBERS), cid }, content);
}

function fragment(script: Script): Buffer {
  const bytes = Buffer.from(script.bytes(script.below(120)));
  const offset = script.pick([0, 0, 0, 1, 40]);
  const length = script.flag() ? offset + bytes.length : script.pick(LENGTHS);
  return encodeFragment({ type: script.pick(MESSAGES), sequence: script.pick(MESSAGE_NUMBERS), length, offset, bytes });
}
