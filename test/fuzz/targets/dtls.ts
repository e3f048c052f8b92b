import { Script } from '../script.ts';
import { fromHex } from '../target.ts';
import type { Target } from '../target.ts';
import { DtlsPlay } from './dtls-play.ts';

/** Manner, beginning, steps: one for each beginning, with and without Connection ID, and one with certificates. */
const SEEDS = [
  '0000',
  '0101',
  '0102000000',
  '010300',
  '01040b00',
  '05040b0010000b00',
  '03050b00',
  '05060b00',
  '05070b000d00',
  'f1040b00',
  '00040b000d0008',
  '0d0413',
  '05030005000d0d0d0d0d0e020000000000000010000d1100030d0d',
  '010214070b0000',
  '00001409000100',
  '01041501020304',
  '00001300000000000000000000',
];

export const DTLS: Target = {
  name: 'dtls',
  kind: 'conversation',
  quick: 600,
  maxBytes: 120,
  // Whatever a peer sends, a machine throws nothing at its caller: not even what would be a refusal elsewhere.
  refusals: [],
  guide: ['/libs/dtls/dist/'],
  generate: (random) => random.bytes(2 + random.below(100)),
  seeds: () => SEEDS.map(fromHex),
  run(input) {
    new DtlsPlay(new Script(input)).run();
  },
};
