// Just enough of CoAP to play a device at speed: what is read from a datagram, and the answer to a block. It trusts its peer.

/** Calls `found` with each option until it answers `true`: number, from, to. */
function eachOption(bytes, found) {
  let number = 0;
  for (let at = 4 + (bytes[0] & 15); at < bytes.length && bytes[at] !== 0xff;) {
    let [delta, length] = [bytes[at] >> 4, bytes[at] & 15];
    at += 1;
    if (delta === 13) delta = 13 + bytes[at++];
    if (length === 13) length = 13 + bytes[at++];
    number += delta;
    if (found(number, at, at + length)) return;
    at += length;
  }
}

export function optionIn(bytes, wanted) {
  let value;
  eachOption(bytes, (number, from, to) => {
    if (number === wanted) value = bytes.subarray(from, to);
    return number >= wanted;
  });
  return value;
}

/** Of an option that may be there several times: the segments of a path. */
export function textsIn(bytes, wanted) {
  const found = [];
  eachOption(bytes, (number, from, to) => {
    if (number === wanted) found.push(bytes.toString('utf8', from, to));
    return number > wanted;
  });
  return found;
}

export function payloadIn(bytes) {
  let end = 4 + (bytes[0] & 15);
  eachOption(bytes, (_number, _from, to) => {
    end = to;
    return false;
  });
  return bytes.subarray(end + 1);
}

export const OPTION = { OBSERVE: 6, LOCATION_PATH: 8, URI_PATH: 11, BLOCK2: 23, BLOCK1: 27 };
export const pathIn = (bytes) => `/${textsIn(bytes, OPTION.URI_PATH).join('/')}`;
export const isRequest = (bytes) => bytes[1] > 0 && bytes[1] < 0x20;
export const isConfirmable = (bytes) => (bytes[0] & 0x30) === 0;

/** Number, and whether more follow, of a block option. */
export function blockIn(value) {
  let number = 0;
  for (const byte of value) number = number * 256 + byte;
  return { num: number >>> 4, more: (number & 8) !== 0 };
}

/** A piggybacked answer; `tail` is what follows the token, options in their coding and all. */
export function answerTo(request, code, tail) {
  const length = 4 + (request[0] & 15);
  const answer = Buffer.allocUnsafe(length + tail.length);
  request.copy(answer, 0, 0, length);
  answer[0] = 0x60 | (request[0] & 15);
  answer[1] = code;
  answer.set(tail, length);
  return answer;
}

/** The answer to a block of a push, 2.31 or the last one's, with its Block1 option. */
export function blockAnswer(request, block1, code) {
  return answerTo(request, code, Buffer.concat([Buffer.of(0xd0 | block1.length, OPTION.BLOCK1 - 13), block1]));
}
