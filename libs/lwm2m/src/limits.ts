/** Bounds on what a device may make us decode. */
export const LIMITS = {
  /** Any payload: the largest body the gateway puts together. */
  bytes: 65_536,
  /** Entries of one TLV level, records of a SenML pack, values of LwM2M CBOR and JSON, links of a link list. */
  records: 2048,
  /** SenML CBOR is an array of maps of values. */
  cborDepth: 4,
} as const;
