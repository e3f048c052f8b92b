import { childrenOf, elementsOf, TAG } from './der.ts';

const EXTENSIONS = 0xa3;
const BASIC_CONSTRAINTS = '551d13';

/** pathLenConstraint (RFC 5280 section 4.2.1.9): how many certificates of issuers may follow below; without one any number. Node does not tell. */
export function pathLengthOf(certificate: Buffer): number {
  const [toBeSigned] = childrenOf(certificate);
  const extensions = elementsOf(toBeSigned!.content).find(({ tag }) => tag === EXTENSIONS);
  if (extensions === undefined) return Number.POSITIVE_INFINITY;
  for (const extension of childrenOf(extensions.content)) {
    const parts = elementsOf(extension.content);
    if (parts[0]?.content.toString('hex') !== BASIC_CONSTRAINTS) continue;
    const length = childrenOf(parts.at(-1)!.content).find(({ tag }) => tag === TAG.integer);
    return length === undefined ? Number.POSITIVE_INFINITY : length.content.readUIntBE(0, Math.min(length.content.length, 6));
  }
  return Number.POSITIVE_INFINITY;
}
