import { CODE, type BlockAssembly, type CoapResponse, type IncomingRequest } from '@drover/coap';

/** A request's whole body, with what its answer has to repeat; or the answer to a part of it. */
export type BodyOrAnswer =
  | { readonly body: Uint8Array; readonly contentFormat: number | undefined; readonly options: CoapResponse['options'] }
  | { readonly response: CoapResponse };

/** A device with small buffers sends what is long by Block1 (RFC 7959). `path`: of whatever is put together apart. */
export function bodyOf(
  bodies: BlockAssembly,
  { peer, path, request }: { readonly peer: string; readonly path: string; readonly request: IncomingRequest },
  now: number,
): BodyOrAnswer {
  const { payload } = request;
  const { block1, contentFormat, size1, requestTag } = request.options;
  if (!block1) return { body: payload, contentFormat, options: {} };
  const outcome = bodies.add({ peer, path }, { block: block1, payload, contentFormat, announcedSize: size1, requestTag }, now);
  switch (outcome.type) {
    case 'refused':
      return { response: { code: outcome.code, options: outcome.maxBodyBytes === undefined ? {} : { size1: outcome.maxBodyBytes } } };
    case 'continue':
      return { response: { code: CODE.CONTINUE, options: { block1 } } };
    default:
      return { body: outcome.body, contentFormat: outcome.contentFormat, options: { block1 } };
  }
}
