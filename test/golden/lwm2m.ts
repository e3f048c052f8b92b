/** Payloads with the values in them, both ways. From the specifications (with their misprints corrected) and our own. */
export interface ContentVector {
  readonly name: string;
  readonly format: number;
  readonly base: string;
  readonly hex: string;
  readonly values: readonly (readonly [string, unknown])[];
  /** Shorter lengths at which a TLV is complete in itself: it has no frame. */
  readonly whole: readonly number[];
  /** The published bytes are one of several encodings, and not the one we write. */
  readonly readOnly?: true;
}

const textHex = (text: string): string => Buffer.from(text, 'utf8').toString('hex');

const DEVICE_VALUES = [
  ['/3/0/0', 'Open Mobile Alliance'],
  ['/3/0/1', 'Lightweight M2M Client'],
  ['/3/0/2', '345000123'],
  ['/3/0/3', '1.0'],
  ['/3/0/6/0', 1],
  ['/3/0/6/1', 5],
  ['/3/0/7/0', 3800],
  ['/3/0/7/1', 5000],
  ['/3/0/8/0', 125],
  ['/3/0/8/1', 900],
  ['/3/0/9', 100],
  ['/3/0/10', 15],
  ['/3/0/11/0', 0],
  ['/3/0/13', 1367491215],
  ['/3/0/14', '+02:00'],
  ['/3/0/16', 'U'],
] as const;

const DEVICE_TLV =
  'c800144f70656e204d6f62696c6520416c6c69616e6365c801164c69676874776569676874204d324d20436c69656e74c80209333435303030313233' +
  'c303312e30860641000141010588070842000ed842011388870841007d42010384c10964c10a0f830b410000c40d5182428fc60e2b30323a3030c11055';

export const CONTENT_VECTORS: readonly ContentVector[] = [
  {
    name: 'TLV /3/0',
    format: 11542,
    base: '/3/0',
    hex: DEVICE_TLV,
    values: DEVICE_VALUES,
    whole: [0, 23, 48, 60, 65, 73, 84, 93, 96, 99, 104, 110, 118],
  },
  { name: 'TLV /3', format: 11542, base: '/3', hex: `080079${DEVICE_TLV}`, values: DEVICE_VALUES, whole: [0] },
  {
    name: 'TLV /2, a resource instance of 16 bits',
    format: 11542,
    base: '/2',
    hex: '08000ec10001c101008302417f07c1037f080212c10003c101008702417f0761013601c1037f',
    values: [
      ['/2/0/0', 1],
      ['/2/0/1', 0],
      ['/2/0/2/127', 7],
      ['/2/0/3', 127],
      ['/2/2/0', 3],
      ['/2/2/1', 0],
      ['/2/2/2/127', 7],
      ['/2/2/2/310', 1],
      ['/2/2/3', 127],
    ],
    whole: [0, 17],
  },
  {
    name: 'TLV /1',
    format: 11542,
    base: '/1',
    hex: '08000fc10001c40100015180c10601c10755',
    values: [
      ['/1/0/0', 1],
      ['/1/0/1', 86400],
      ['/1/0/6', true],
      ['/1/0/7', 'U'],
    ],
    whole: [0],
  },
  {
    name: 'TLV /5/0',
    format: 11542,
    base: '/5/0',
    hex: 'c10302c10500',
    values: [
      ['/5/0/3', 2],
      ['/5/0/5', 0],
    ],
    whole: [0, 3],
  },
  {
    name: 'TLV Package URI',
    format: 11542,
    base: '/5/0/1',
    hex: `c80118${textHex('coaps://fw.example/a.bin')}`,
    values: [['/5/0/1', 'coaps://fw.example/a.bin']],
    whole: [0],
  },
  { name: 'TLV reset by URI', format: 11542, base: '/5/0/1', hex: 'c001', values: [['/5/0/1', '']], whole: [0] },
  { name: 'TLV reset by Package', format: 11542, base: '/5/0/0', hex: 'c10000', values: [['/5/0/0', Uint8Array.of(0)]], whole: [0] },
  {
    name: 'SenML CBOR /3/0',
    format: 112,
    base: '/3/0',
    hex:
      '90a321652f332f302f00613003744f70656e204d6f62696c6520416c6c69616e6365a20061310376' +
      '4c69676874776569676874204d324d20436c69656e74a200613203693334353030303132' +
      '33a20061330363312e30a20063362f300201a20063362f310205a20063372f3002190ed8a20063372f3102191388a20063382f3002187d' +
      'a20063382f3102190384a2006139021864a200623130020fa2006431312f300200a2006231330' +
      '21a5182428fa20062313403662b30323a3030a200623136036155',
    values: DEVICE_VALUES,
    whole: [],
  },
  {
    name: 'SenML CBOR /5/0',
    format: 112,
    base: '/5/0',
    hex: '82a321652f352f302f0061330202a20061350200',
    values: [
      ['/5/0/3', 2],
      ['/5/0/5', 0],
    ],
    whole: [],
  },
  {
    name: 'SenML CBOR of indefinite length, a half float in it',
    format: 112,
    base: '/',
    hex: '9fbf00662f332f302f3902f95640ffff',
    values: [['/3/0/9', 100]],
    whole: [],
    readOnly: true,
  },
  { name: 'SenML CBOR one NUL', format: 112, base: '/5/0/0', hex: '81a221662f352f302f30084100', values: [['/5/0/0', Uint8Array.of(0)]], whole: [] },
  {
    name: 'SenML JSON /5/0',
    format: 110,
    base: '/5/0',
    hex: textHex('[{"bn":"/5/0/","n":"3","v":2},{"n":"5","v":0},{"n":"7","vs":"2.1.0"}]'),
    values: [
      ['/5/0/3', 2],
      ['/5/0/5', 0],
      ['/5/0/7', '2.1.0'],
    ],
    whole: [],
  },
  { name: 'SenML JSON, base name only', format: 110, base: '/3/0/9', hex: textHex('[{"bn":"/3/0/9","v":95}]'), values: [['/3/0/9', 95]], whole: [] },
  {
    name: 'SenML JSON, name only',
    format: 110,
    base: '/3/0/9',
    hex: textHex('[{"n":"/3/0/9","v":95}]'),
    values: [['/3/0/9', 95]],
    whole: [],
    readOnly: true,
  },
  {
    name: 'SenML JSON link',
    format: 110,
    base: '/10/0',
    hex: textHex('[{"bn":"/10/0/","n":"11/0","vlo":"11:0"}]'),
    values: [['/10/0/11/0', { object: 11, instance: 0 }]],
    whole: [],
  },
  {
    name: 'LwM2M CBOR, one resource',
    format: 11544,
    base: '/3/0/0',
    hex: `a18303000074${textHex('Open Mobile Alliance')}`,
    values: [['/3/0/0', 'Open Mobile Alliance']],
    whole: [],
  },
  {
    name: 'LwM2M CBOR, a resource of two instances',
    format: 11544,
    base: '/3/0/6',
    hex: 'a183030006a200010105',
    values: [
      ['/3/0/6/0', 1],
      ['/3/0/6/1', 5],
    ],
    whole: [],
  },
  {
    name: 'LwM2M CBOR /5/0, a map for each id',
    format: 11544,
    base: '/5/0',
    hex: 'a105a100a203020500',
    values: [
      ['/5/0/3', 2],
      ['/5/0/5', 0],
    ],
    whole: [],
    readOnly: true,
  },
  {
    name: 'LwM2M CBOR /5/0, ids in one key',
    format: 11544,
    base: '/5/0',
    hex: 'a1820500a203020500',
    values: [
      ['/5/0/3', 2],
      ['/5/0/5', 0],
    ],
    whole: [],
  },
  {
    name: 'LwM2M CBOR of two objects, with bytes and a link',
    format: 11544,
    base: '/',
    hex: 'a3830500004100840a000b006431313a3083030009185f',
    values: [
      ['/5/0/0', Uint8Array.of(0)],
      ['/10/0/11/0', { object: 11, instance: 0 }],
      ['/3/0/9', 95],
    ],
    whole: [],
  },
  {
    name: 'LwM2M JSON /3/0',
    format: 11543,
    base: '/3/0',
    hex: textHex(
      '{"bn":"/3/0/","e":[{"n":"0","sv":"Open Mobile Alliance"},{"n":"6/0","v":1},{"n":"9","v":100},{"n":"13","v":1367491215}],"bt":25462634}',
    ),
    values: [
      ['/3/0/0', 'Open Mobile Alliance'],
      ['/3/0/6/0', 1],
      ['/3/0/9', 100],
      ['/3/0/13', 1367491215],
    ],
    whole: [],
    readOnly: true,
  },
  {
    name: 'LwM2M JSON without a base name',
    format: 11543,
    base: '/3/0',
    hex: textHex('{"e":[{"n":"9","v":95},{"n":"22/0","ov":"11:0"}]}'),
    values: [
      ['/3/0/9', 95],
      ['/3/0/22/0', { object: 11, instance: 0 }],
    ],
    whole: [],
    readOnly: true,
  },
  {
    name: 'LwM2M JSON of every type',
    format: 11543,
    base: '/',
    hex: textHex(
      '{"bn":"/","e":[{"n":"5/0/0","sv":"AA=="},{"n":"1/0/6","bv":true},{"n":"3/0/3","sv":"1.0"},{"n":"3/0/22/0","ov":"11:0"}]}',
    ),
    values: [
      ['/5/0/0', Uint8Array.of(0)],
      ['/1/0/6', true],
      ['/3/0/3', '1.0'],
      ['/3/0/22/0', { object: 11, instance: 0 }],
    ],
    whole: [],
  },
  { name: 'CBOR', format: 60, base: '/3/0/9', hex: '1864', values: [['/3/0/9', 100]], whole: [], readOnly: true },
  { name: 'text', format: 0, base: '/3/0/13', hex: textHex('1367491215'), values: [['/3/0/13', 1367491215]], whole: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
];
