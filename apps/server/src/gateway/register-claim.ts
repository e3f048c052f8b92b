import type { IncomingRequest } from '@drover/coap';
import type { Endpoint } from '@drover/kernel';

/** The name that a Register gives itself, before anything of it is believed; undefined for any other request. */
export function endpointOfRegister({ method, options }: IncomingRequest): Endpoint | undefined {
  const [root, ...location] = options.uriPath.filter((segment) => segment !== '');
  if (method !== 'POST' || root !== 'rd' || location.length > 0) return undefined;
  return nameIn(options.uriQuery) as Endpoint | undefined;
}

/** `ep` of a query; some stacks quote it. */
export function nameIn(query: readonly string[]): string | undefined {
  return query
    .find((part) => part.startsWith('ep='))
    ?.slice('ep='.length)
    .replace(/^"(.*)"$/, '$1');
}
