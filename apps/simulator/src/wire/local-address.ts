/** Addresses per block of the third and fourth byte; .0 and .255 are left out. */
const PER_BYTE = 254;
/** Past 127.0.x.y, where servers of tests live. */
const FIRST_SECOND_BYTE = 1;

/**
 * Where the socket of a device is bound: an address of its own in 127.0.0.0/8, or, towards a server that is not on this
 * machine (or where only 127.0.0.1 exists), whatever the system says.
 */
export function localAddress(index: number, server: string, platform: NodeJS.Platform = process.platform): string {
  if (!server.startsWith('127.')) return '0.0.0.0';
  if (platform !== 'linux') return '127.0.0.1';
  const last = 1 + (index % PER_BYTE);
  const third = 1 + (Math.floor(index / PER_BYTE) % PER_BYTE);
  return `127.${FIRST_SECOND_BYTE + Math.floor(index / (PER_BYTE * PER_BYTE))}.${third}.${last}`;
}
