/** A CoAP code as one byte: class in the upper three bits, detail in the lower five (RFC 7252 section 3). */
export function code(codeClass: number, detail: number): number {
  return (codeClass << 5) | detail;
}

export const CODE = {
  EMPTY: code(0, 0),
  CREATED: code(2, 1),
  DELETED: code(2, 2),
  VALID: code(2, 3),
  CHANGED: code(2, 4),
  CONTENT: code(2, 5),
  CONTINUE: code(2, 31),
  BAD_REQUEST: code(4, 0),
  UNAUTHORIZED: code(4, 1),
  BAD_OPTION: code(4, 2),
  FORBIDDEN: code(4, 3),
  NOT_FOUND: code(4, 4),
  METHOD_NOT_ALLOWED: code(4, 5),
  NOT_ACCEPTABLE: code(4, 6),
  REQUEST_ENTITY_INCOMPLETE: code(4, 8),
  CONFLICT: code(4, 9),
  PRECONDITION_FAILED: code(4, 12),
  REQUEST_ENTITY_TOO_LARGE: code(4, 13),
  UNSUPPORTED_CONTENT_FORMAT: code(4, 15),
  TOO_MANY_REQUESTS: code(4, 29),
  INTERNAL: code(5, 0),
  NOT_IMPLEMENTED: code(5, 1),
  SERVICE_UNAVAILABLE: code(5, 3),
  GATEWAY_TIMEOUT: code(5, 4),
  PROXYING_NOT_SUPPORTED: code(5, 5),
  HOP_LIMIT_REACHED: code(5, 8),
} as const;

/** Signalling messages of a stream (RFC 8323 section 5). */
export const SIGNAL = { CSM: code(7, 1), PING: code(7, 2), PONG: code(7, 3), RELEASE: code(7, 4), ABORT: code(7, 5) } as const;

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'FETCH' | 'PATCH' | 'iPATCH';

/** In the order of their codes 0.01 to 0.07 (RFC 7252, RFC 8132). */
const METHODS: readonly Method[] = ['GET', 'POST', 'PUT', 'DELETE', 'FETCH', 'PATCH', 'iPATCH'];

export function methodOf(requestCode: number): Method | undefined {
  return METHODS[requestCode - 1];
}

export function codeOfMethod(method: Method): number {
  return METHODS.indexOf(method) + 1;
}

export function classOf(anyCode: number): number {
  return anyCode >> 5;
}

/** `69` reads `2.05`. */
export function codeText(anyCode: number): string {
  return `${anyCode >> 5}.${String(anyCode & 31).padStart(2, '0')}`;
}

/** `2.05` as a number, `undefined` for anything that is not a code. */
export function codeOfText(text: string): number | undefined {
  const parts = /^([0-7])\.([0-2]\d|3[01])$/.exec(text);
  return parts === null ? undefined : code(Number(parts[1]), Number(parts[2]));
}
