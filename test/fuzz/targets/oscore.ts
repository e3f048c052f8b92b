import fc from 'fast-check';
import { DroverError } from '@drover/kernel';
import {
  decodeOscoreOption,
  deriveKeys,
  encodeOscoreOption,
  OscoreContext,
  OscoreError,
  openRequest,
  openResponse,
  pivOf,
  protectRequest,
  sequenceOf,
  type OscoreOption,
} from '@drover/coap';
import { sampler } from '../generate.ts';
import { demand, fromHex, hexOf, sameBytes, type Target } from '../target.ts';

const GUIDE = ['/libs/coap/dist/oscore/'];
/** Options of the vectors of RFC 8613 appendix C, and the edges of each length. */
const SEEDS = ['', '0914', '091400', '1914081bf0a1b2c3d4e5f6', '190008000102030405060700', '0100', '05ffffffffff', '08', '1000', '0f'];

const option = fc.record<OscoreOption>(
  {
    piv: fc.uint8Array({ minLength: 1, maxLength: 5 }),
    kidContext: fc.uint8Array({ maxLength: 20 }),
    kid: fc.uint8Array({ maxLength: 7 }),
  },
  { requiredKeys: [] },
);

/** Refusals of OSCORE are no `DroverError`s, which is what the oracle counts as one. */
function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof OscoreError ? new DroverError(error.code, 'input', error.message) : error;
  }
}

function isOpened(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof OscoreError) return false;
    throw error;
  }
}

/** An option has one encoding, its parts are within their lengths, and a number comes back as it was written. */
const oscoreOption: Target = {
  name: 'oscore-option',
  kind: 'decoder',
  maxBytes: 300,
  guide: GUIDE,
  seeds: () => SEEDS.map(fromHex),
  generate: sampler(option, encodeOscoreOption),
  run(input) {
    const decoded = refusing(() => decodeOscoreOption(input));
    const { piv, kid, kidContext } = decoded;
    demand(sameBytes(encodeOscoreOption(decoded), input), 'encoded again it is another option');
    demand((piv?.length ?? 1) <= 5 && (kid?.length ?? 0) <= 7 && (kidContext?.length ?? 0) <= 255, 'a part is too long');
    if (piv) demand(sequenceOf(pivOf(sequenceOf(piv))) === sequenceOf(piv), 'the number is another one');
    return [piv, kid, kidContext].map((part) => part && hexOf(part));
  },
};

const masterSecret = new Uint8Array(16).fill(7);
const [ours, theirs] = [Uint8Array.of(1), Uint8Array.of(2)];
const keys = deriveKeys({ masterSecret, senderId: ours, recipientId: theirs });
const GET = { code: 1, options: [], payload: new Uint8Array(0) };

/** Nothing that was not sealed with the key is opened: not as a request, and not as an answer to one. */
const oscoreForgery: Target = {
  name: 'oscore-forgery',
  kind: 'decoder',
  maxBytes: 200,
  guide: GUIDE,
  seeds: () => ['0901020b0c0d0e0f1011121314', '00aabbccddeeff00112233'].map(fromHex),
  run(input) {
    const context = new OscoreContext(() => keys, { reserve: 0 });
    const [length = 0] = input;
    const [oscore, payload] = [input.subarray(1, 1 + length), input.subarray(1 + length)];
    demand(!isOpened(() => openRequest(context, decodeOscoreOption(oscore), payload)), 'a forged request was opened');
    const { binding } = protectRequest(context, GET);
    demand(!isOpened(() => openResponse(context, binding, { oscore, payload })), 'a forged answer was opened');
    return [oscore.length, payload.length];
  },
};

export const OSCORE: readonly Target[] = [oscoreOption, oscoreForgery];
