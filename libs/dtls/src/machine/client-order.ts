import type { KeyExchange } from '../crypto/suites.ts';
import { MESSAGE } from '../handshake/message.ts';

/** What a client's handshake waits for. */
export type Awaited =
  'hello' | 'certificate' | 'key-exchange' | 'hint-or-done' | 'request-or-done' | 'done' | 'ticket' | 'finished' | 'nothing';

/** What may come, by what is awaited. A server that leaves out what its suite allows it to leave out is one step further. */
export const ALLOWED: Record<Awaited, readonly number[]> = {
  hello: [MESSAGE.hello_verify_request, MESSAGE.server_hello],
  certificate: [MESSAGE.certificate],
  'key-exchange': [MESSAGE.server_key_exchange],
  'hint-or-done': [MESSAGE.server_key_exchange, MESSAGE.server_hello_done],
  'request-or-done': [MESSAGE.certificate_request, MESSAGE.server_hello_done],
  done: [MESSAGE.server_hello_done],
  ticket: [MESSAGE.new_session_ticket],
  finished: [MESSAGE.finished],
  nothing: [],
};

export const AFTER_HELLO = { psk: 'hint-or-done', ecdhe_psk: 'key-exchange', ecdhe_ecdsa: 'certificate' } as const satisfies Record<
  KeyExchange,
  Awaited
>;
