/** How the premaster secret comes about, and who proves what with it. */
export type KeyExchange = 'psk' | 'ecdhe_psk' | 'ecdhe_ecdsa';
export type Cipher = 'aes-128-ccm-8' | 'aes-128-gcm' | 'aes-128-cbc-sha256';

export interface Suite {
  /** As registered with IANA. */
  readonly id: number;
  readonly name: SuiteName;
  readonly keyExchange: KeyExchange;
  readonly cipher: Cipher;
}

/** Every suite has the PRF of TLS 1.2 with SHA-256. */
const TABLE = {
  TLS_PSK_WITH_AES_128_GCM_SHA256: [0x00a8, 'psk', 'aes-128-gcm'],
  TLS_PSK_WITH_AES_128_CBC_SHA256: [0x00ae, 'psk', 'aes-128-cbc-sha256'],
  TLS_PSK_WITH_AES_128_CCM_8: [0xc0a8, 'psk', 'aes-128-ccm-8'],
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: [0xc023, 'ecdhe_ecdsa', 'aes-128-cbc-sha256'],
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: [0xc02b, 'ecdhe_ecdsa', 'aes-128-gcm'],
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8: [0xc0ae, 'ecdhe_ecdsa', 'aes-128-ccm-8'],
  TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256: [0xd001, 'ecdhe_psk', 'aes-128-gcm'],
} as const satisfies Record<string, readonly [number, KeyExchange, Cipher]>;

export type SuiteName = keyof typeof TABLE;

export const SUITES: readonly Suite[] = Object.entries(TABLE).map(([name, [id, keyExchange, cipher]]) => ({
  id,
  name: name as SuiteName,
  keyExchange,
  cipher,
}));

const BY_ID = new Map(SUITES.map((suite) => [suite.id, suite]));
const BY_NAME = new Map(SUITES.map((suite) => [suite.name, suite]));

export const suiteOfId = (id: number): Suite | undefined => BY_ID.get(id);
export const suiteNamed = (name: SuiteName): Suite => BY_NAME.get(name)!;

/**
 * In order of preference. Forward secrecy first, then the small tag that LwM2M asks for; CBC only for whoever asks for it
 * (RFC 7366 then makes it encrypt-then-MAC, or it is not taken).
 */
export const DEFAULT_SUITES: readonly SuiteName[] = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
  'TLS_PSK_WITH_AES_128_CCM_8',
  'TLS_PSK_WITH_AES_128_GCM_SHA256',
];
