import type { UriScheme } from '@drover/lwm2m';
import type { UriFor } from './firmware-order.ts';
import { PULL_PATH } from './pull-server.ts';

/** Where devices find images: here under their token, or on the operator's file host. */
export function imageUris({ publicUri, fileHost }: { publicUri: (scheme: UriScheme) => string | undefined; fileHost?: string }): UriFor {
  return (scheme, { pullToken, digest }) => {
    // An image on a file host has its digest for a name: whatever is there under it can be checked by anyone.
    if (scheme === 'http' || scheme === 'https')
      return fileHost?.startsWith(`${scheme}://`) ? `${fileHost}/${digest.slice(digest.indexOf(':') + 1)}` : undefined;
    const base = publicUri(scheme);
    return base === undefined ? undefined : `${base}/${PULL_PATH}/${pullToken}`;
  };
}
