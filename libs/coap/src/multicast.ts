/**
 * Whether a peer `address:port` is a group or everyone: 224.0.0.0/4, 255.255.255.255, ff00::/8. One datagram to such a peer
 * would be answered by many, and one that claims to come from there would make us answer to many.
 */
export function isMulticast(peer: string): boolean {
  const host = peer.startsWith('[') ? peer.slice(1, peer.indexOf(']')) : peer.slice(0, Math.max(0, peer.lastIndexOf(':')));
  const plain = host.toLowerCase().replace(/^::ffff:/, '');
  if (plain.includes(':')) return /^ff[0-9a-f]{2}:/.test(plain);
  return /^(22[4-9]|23\d)\./.test(plain) || plain === '255.255.255.255';
}
