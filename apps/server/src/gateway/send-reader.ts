import { BlockAssembly, CODE, type CoapResponse, type IncomingRequest } from '@drover/coap';
import { bodyOf } from './body-in-blocks.ts';
import { CONTENT_FORMAT, decodeContent, Lwm2mError } from '@drover/lwm2m';
import { factsOfValues, type FactValues } from './facts-of-values.ts';

/** Facts only when the whole body is there and can be read. */
export interface Sent {
  readonly response: CoapResponse;
  readonly facts?: FactValues;
}

/** Reads the body of a Send (`POST /dp`), by Block1 where it is large. */
export class SendReader {
  readonly #bodies = new BlockAssembly({ maxBodyBytes: 16_384 });

  read(peer: string, request: IncomingRequest, { now, versionFrom }: { now: number; versionFrom?: string }): Sent {
    if (request.method !== 'POST') return { response: { code: CODE.METHOD_NOT_ALLOWED } };
    const sent = bodyOf(this.#bodies, { peer, path: 'dp', request }, now);
    return 'response' in sent ? sent : decoded(sent.body, sent.contentFormat, { options: sent.options, versionFrom });
  }
}

function decoded(
  payload: Uint8Array,
  contentFormat: number | undefined,
  { options, versionFrom }: { options: CoapResponse['options']; versionFrom?: string },
): Sent {
  try {
    const values = decodeContent(contentFormat ?? CONTENT_FORMAT.SENML_CBOR, payload, '/');
    return { response: { code: CODE.CHANGED, options }, facts: factsOfValues(values, versionFrom) };
  } catch (error) {
    if (error instanceof Lwm2mError) return { response: { code: CODE.BAD_REQUEST } };
    throw error;
  }
}
