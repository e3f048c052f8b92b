import { durationText } from '@drover/kernel';
import type { DeviceClassSpec } from '@drover/campaign';
import { COVERAGE, DEFAULT_ENDPOINT_SETTINGS, type Coverage } from '@drover/coap';
import { numberFact } from '@drover/fleet';
import { DEVICE } from '@drover/lwm2m';
import type { DeviceRecord } from '@drover/persistence';
import type { Learned } from '../link/looks.ts';
import { formatName } from './class-settings.ts';
import { AWAKE_MS } from './contact-handler.ts';
import type { DeviceClasses } from './device-classes.ts';

/** A field of the language, what it is for this device, and where that comes from. */
export interface EffectiveValue {
  readonly field: string;
  readonly value: string;
  /** `class NAME`, `coverage CE1`, or `default`. */
  readonly from: string;
}

export interface DeviceClassSeen {
  readonly class: string | undefined;
  readonly alsoFit: readonly string[];
  readonly values: readonly EffectiveValue[];
  readonly learned: readonly { readonly what: string; readonly value: string }[] | undefined;
}

interface Field {
  readonly field: string;
  readonly said: (spec: DeviceClassSpec) => string | undefined;
  readonly byDefault: string;
}

const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : durationText(ms));
const word = (value: string | number | boolean | undefined): string | undefined => (value === undefined ? undefined : String(value));

const FIELDS: readonly Field[] = [
  { field: 'coap.ackTimeout', said: ({ coap }) => time(coap?.ackTimeout), byDefault: durationText(DEFAULT_ENDPOINT_SETTINGS.ackTimeoutMs) },
  {
    field: 'coap.maxRetransmit',
    said: ({ coap }) => word(coap?.maxRetransmit),
    byDefault: String(DEFAULT_ENDPOINT_SETTINGS.maxRetransmit),
  },
  {
    field: 'coap.firstBlockTimeout',
    said: ({ coap }) => time(coap?.firstBlockTimeout),
    byDefault: '10s, or what was measured where that is longer',
  },
  {
    field: 'coap.responseTimeout',
    said: ({ coap }) => time(coap?.responseTimeout),
    byDefault: durationText(DEFAULT_ENDPOINT_SETTINGS.responseTimeoutMs),
  },
  { field: 'coap.maxBlockSize', said: ({ coap }) => word(coap?.maxBlockSize), byDefault: 'what the campaign prefers' },
  { field: 'coap.busyRetry', said: ({ coap }) => time(coap?.busyRetry), byDefault: '5s' },
  { field: 'coap.echo', said: ({ coap }) => word(coap?.echo), byDefault: 'false' },
  { field: 'awake', said: ({ awake }) => time(awake), byDefault: durationText(AWAKE_MS) },
  { field: 'pauseAfterRegister', said: ({ pauseAfterRegister }) => time(pauseAfterRegister), byDefault: 'none' },
  { field: 'lwm2m.formats', said: ({ lwm2m }) => lwm2m?.formats?.join(', '), byDefault: 'what it announces, then tried out' },
  { field: 'lwm2m.composite', said: ({ lwm2m }) => word(lwm2m?.composite), byDefault: 'tried out' },
  { field: 'lwm2m.observe', said: ({ lwm2m }) => lwm2m?.observe, byDefault: 'Instance, then Resource' },
  { field: 'lwm2m.settle', said: ({ lwm2m }) => time(lwm2m?.settle), byDefault: '1.5s' },
  { field: 'lwm2m.versionFrom', said: ({ lwm2m }) => lwm2m?.versionFrom, byDefault: DEVICE.FIRMWARE_VERSION },
  { field: 'update.pushTo', said: ({ update }) => update?.pushTo, byDefault: 'the package of the object itself' },
  { field: 'update.resume', said: ({ update }) => update?.resume, byDefault: 'what it has shown; until then Pull' },
];

/** What counts for this device; what it has shown by itself stands apart, for what is configured counts before it. */
export function classSeen(device: DeviceRecord, classes: DeviceClasses, learned: Learned | undefined): DeviceClassSeen {
  const [first, ...others] = classes.matching(device);
  return {
    class: first?.metadata.name,
    alsoFit: others.map(({ metadata }) => metadata.name),
    values: FIELDS.map(({ field, said, byDefault }) => {
      const value = first && said(first.spec);
      if (first && value !== undefined) return { field, value, from: `class ${first.metadata.name}` };
      return byCoverage(field, device) ?? { field, value: byDefault, from: 'default' };
    }),
    learned: learned && learnedLines(learned),
  };
}

/** Poor coverage answers late: there the first timeout follows what the device reports. */
function byCoverage(field: string, device: DeviceRecord): EffectiveValue | undefined {
  const ce = numberFact(device, 'radio.ce');
  if (ce === undefined) return undefined;
  const { ackTimeoutMs, maxRetransmit } = COVERAGE[Math.min(2, Math.max(0, Math.floor(ce))) as Coverage];
  const from = `coverage CE${ce}`;
  if (field === 'coap.ackTimeout') return { field, value: durationText(ackTimeoutMs), from };
  return field === 'coap.maxRetransmit' ? { field, value: String(maxRetransmit), from } : undefined;
}

function learnedLines({ formats, composite, blockSize, timeoutMs }: Learned): { what: string; value: string }[] {
  return [
    ...Object.entries(formats).map(([use, format]) => ({ what: `format to ${use}`, value: formatName(format) })),
    ...(composite === undefined ? [] : [{ what: 'composite requests', value: composite ? 'answered' : 'not answered' }]),
    ...(blockSize === undefined ? [] : [{ what: 'block size it asked for', value: String(blockSize) }]),
    ...(timeoutMs === undefined ? [] : [{ what: 'timeout of the next message', value: durationText(timeoutMs) }]),
  ];
}
