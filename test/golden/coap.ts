/** Datagrams with what they mean. `whole` lists the shorter lengths at which the prefix is a message of its own: CoAP has no total length. */
export interface CoapVector {
  readonly name: string;
  readonly hex: string;
  readonly type: 'CON' | 'NON' | 'ACK' | 'RST';
  readonly code: string;
  readonly messageId: number;
  readonly token: string;
  /** Number and value in hex. */
  readonly options: readonly (readonly [number, string])[];
  readonly payload: string;
  readonly whole: readonly number[];
}

export const COAP_VECTORS: readonly CoapVector[] = [
  { name: 'ping', hex: '40001234', type: 'CON', code: '0.00', messageId: 0x1234, token: '', options: [], payload: '', whole: [] },
  { name: 'reset', hex: '70001234', type: 'RST', code: '0.00', messageId: 0x1234, token: '', options: [], payload: '', whole: [] },
  {
    name: 'GET /temperature (RFC 7252 figure 16)',
    hex: '40017d34bb74656d7065726174757265',
    type: 'CON',
    code: '0.01',
    messageId: 0x7d34,
    token: '',
    options: [[11, '74656d7065726174757265']],
    payload: '',
    whole: [4],
  },
  {
    name: 'PUT with Echo and Request-Tag (RFC 9175)',
    hex: '40030001d1ef07d11b09',
    type: 'CON',
    code: '0.03',
    messageId: 1,
    token: '',
    options: [
      [252, '07'],
      [292, '09'],
    ],
    payload: '',
    whole: [4, 7],
  },
  {
    name: 'PUT with Request-Tag alone, a delta of two bytes',
    hex: '40030001e1001709',
    type: 'CON',
    code: '0.03',
    messageId: 1,
    token: '',
    options: [[292, '09']],
    payload: '',
    whole: [4],
  },
  {
    name: '2.05 "22.3 C" (RFC 7252 figure 16)',
    hex: '60457d34ff32322e332043',
    type: 'ACK',
    code: '2.05',
    messageId: 0x7d34,
    token: '',
    options: [],
    payload: '32322e332043',
    whole: [4, 6, 7, 8, 9, 10],
  },
  {
    name: 'POST /rd?ep=dev&lt=60 with a long query, an extended length',
    hex: '440200010a0b0c0db2726411283665703d6465760d056c743d303030303030303030303030303030',
    type: 'CON',
    code: '0.02',
    messageId: 1,
    token: '0a0b0c0d',
    options: [
      [11, '7264'],
      [12, '28'],
      [15, '65703d646576'],
      [15, '6c743d303030303030303030303030303030'],
    ],
    payload: '',
    whole: [8, 11, 13, 20],
  },
  {
    name: 'PUT with Block1 16/1/1024 and Size1, extended deltas',
    hex: '410300ff7fc12ad202010ed114ffff01',
    type: 'CON',
    code: '0.03',
    messageId: 0xff,
    token: '7f',
    options: [
      [12, '2a'],
      [27, '010e'],
      [60, 'ff'],
    ],
    payload: '01',
    whole: [5, 7, 11, 14],
  },
];
