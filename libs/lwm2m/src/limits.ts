/** Bounds on what a device, or a file of object definitions, may make us decode. */
export const LIMITS = {
  /** Any payload: the largest body the gateway puts together. */
  bytes: 65_536,
  /** Entries of one TLV level, records of a SenML pack, values of LwM2M CBOR and JSON, links of a link list. */
  records: 2048,
  /** SenML CBOR is an array of maps of values. */
  cborDepth: 4,
  /** Characters of a file of object definitions; the largest registered one has a tenth of this. */
  modelCharacters: 1_048_576,
  /** An item of a resource list lies five elements deep. */
  modelDepth: 8,
  modelElements: 50_000,
} as const;
