/** Before the name of a peer that is known by its security context. */
export const OSCORE_PREFIX = 'oscore:';

/** What a peer is called whose requests are protected: who it is, and where it is. Only what was opened under the context has this name. */
export function oscorePeer(context: string, address: string): string {
  return `${OSCORE_PREFIX}${context}@${address}`;
}

/** Undefined for a peer that is only an address. */
export function partsOfPeer(peer: string): { readonly context: string; readonly address: string } | undefined {
  if (!peer.startsWith(OSCORE_PREFIX)) return undefined;
  const at = peer.lastIndexOf('@');
  return { context: peer.slice(OSCORE_PREFIX.length, at), address: peer.slice(at + 1) };
}

/** Where a peer is, whatever it is known by. */
export function addressOf(peer: string): string {
  return partsOfPeer(peer)?.address ?? peer;
}
