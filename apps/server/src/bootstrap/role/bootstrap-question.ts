import type { IncomingHandle, IncomingRequest } from '@drover/coap';
import type { CredentialBook } from '@drover/credentials';
import type { Endpoint } from '@drover/kernel';
import { CONTENT_FORMAT, parseBootstrapRequest } from '@drover/lwm2m';
import type { BootstrapWay } from '../../link/bootstrap.ts';
import { isSecured, type SharedCredential } from '../../link/security.ts';
import { mayAskUnsecured } from '../who-may-come.ts';

/** A request that the engine decides on. */
export interface Asked {
  readonly peer: string;
  readonly handle: IncomingHandle;
  readonly request: IncomingRequest;
  readonly endpoint: Endpoint;
  readonly via: BootstrapWay;
  readonly preferredFormat: number | undefined;
  readonly identity: string | undefined;
}

/** What a pack may be in: formats that hold several instances. SenML CBOR where the device does not say. */
const PACK_FORMATS: readonly number[] = [CONTENT_FORMAT.SENML_CBOR, CONTENT_FORMAT.SENML_JSON, CONTENT_FORMAT.LWM2M_CBOR];
/** Whoever is refused, as far as he is known. */
export type Refused = Pick<Asked, 'peer' | 'handle' | 'identity'> & { readonly endpoint: Endpoint | undefined };

export type ReadRequest =
  | { readonly type: 'asked'; readonly asked: Asked }
  | { readonly type: 'refused'; readonly from: Refused; readonly code: string; readonly why?: string };

interface Known {
  /** That of the session. */
  readonly credential: SharedCredential | undefined;
  readonly book: CredentialBook<SharedCredential>;
}

/** What can be said of a Bootstrap-Request before the engine is asked. */
export function readRequest(via: BootstrapWay, from: Pick<Asked, 'peer' | 'handle' | 'request'>, { credential, book }: Known): ReadRequest {
  const identity = credential?.identity;
  const parsed = parseBootstrapRequest(from.request.options.uriQuery, credential?.endpoint);
  if (parsed.type === 'refused')
    return { type: 'refused', from: { ...from, endpoint: undefined, identity }, code: 'REQUEST_REFUSED', why: parsed.why };
  const asked: Asked = { ...from, via, identity, ...parsed.request };
  const code = whyNot(asked, { credential, book });
  return code === undefined ? { type: 'asked', asked } : { type: 'refused', from: asked, code };
}

/** Without security there is no pack: one answer to whatever address would hold keys. */
function whyNot({ peer, endpoint, via, request }: Asked, { credential, book }: Known): string | undefined {
  if (isSecured(peer) && credential === undefined) return 'CREDENTIAL_REVOKED';
  const { accept } = request.options;
  if (via === 'pack' && accept !== undefined && !PACK_FORMATS.includes(accept)) return 'FORMAT_UNKNOWN';
  if (isSecured(peer)) return undefined;
  return via === 'session' && mayAskUnsecured(book.of(endpoint)) ? undefined : 'ENDPOINT_NEEDS_DTLS';
}
