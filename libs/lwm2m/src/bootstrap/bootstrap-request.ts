import { Endpoint } from '@drover/kernel';
import type { Refusal } from '../registration.ts';

/** `POST /bs` and `GET /bspack` (Core section 6.1.7). */
export interface BootstrapRequest {
  readonly endpoint: Endpoint;
  /** Content format that it would rather be written in: `pct`, from 1.1 on. */
  readonly preferredFormat: number | undefined;
}

/**
 * Reads a Bootstrap-Request. `identity`: the endpoint name that the security layer vouches for; it stands in for an absent `ep`,
 * and an `ep` that differs is refused.
 */
export function parseBootstrapRequest(
  query: readonly string[],
  identity?: string,
): { readonly type: 'bootstrap'; readonly request: BootstrapRequest } | Refusal {
  const refused = (why: string): Refusal => ({ type: 'refused', code: '4.00', why });
  const [ep, pct] = [valuesOf(query, 'ep'), valuesOf(query, 'pct')];
  if (ep.length > 1 || pct.length > 1) return refused('a parameter stands twice');
  const name = ep[0] ?? identity;
  if (name === undefined) return refused('no endpoint name');
  if (identity !== undefined && name !== identity) return refused('the endpoint name is not that of the security identity');
  if (pct[0] !== undefined && !/^\d{1,5}$/.test(pct[0])) return refused('malformed parameter pct');
  const endpoint = endpointOf(name);
  if (endpoint === undefined) return refused('malformed endpoint name');
  return { type: 'bootstrap', request: { endpoint, preferredFormat: pct[0] === undefined ? undefined : Number(pct[0]) } };
}

function valuesOf(query: readonly string[], name: string): string[] {
  return query.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));
}

function endpointOf(name: string): Endpoint | undefined {
  try {
    return Endpoint(name);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENDPOINT_INVALID') return undefined;
    throw error;
  }
}
