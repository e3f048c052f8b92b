import type { CoapRequest } from './endpoint-types.ts';
import type { RawOption } from './message.ts';
import { writeOptions } from './options.ts';

/** The options of a request of ours; `observe` is apart because only the library ends an observation. */
export function requestOptions(request: CoapRequest, observe?: 0 | 1, maxSzx?: number): RawOption[] {
  const { path: uriPath, query: uriQuery, contentFormat, accept, block1, block2, size1, etag } = request;
  const { ifMatch, ifNoneMatch, echo, oscore, requestTag } = request;
  return writeOptions(
    { uriPath, uriQuery, contentFormat, accept, block1, block2, size1, etag, observe, ifMatch, ifNoneMatch, echo, oscore, requestTag },
    maxSzx,
  );
}
