import { DAY, MINUTE, type Duration } from '@drover/kernel';
import { blockSize, duration, durationWithin, flag, integer, oneOf } from './leaves.ts';
import { list, mapping, optional, withDefault } from './schema.ts';

/** Which object of the device takes the image: 5, 9, or AVSystem's 33629. */
export const UPDATE_OBJECTS = ['Firmware', 'Software', 'AdvancedFirmware'] as const;

const PULL_SCHEMES = ['coap', 'coap+tcp', 'http', 'https'] as const;
/**
 * What a pull is tried with. Over CoAP the gateway sees each block, so these come first: only there can a transfer be
 * paced and stopped at a block. A file host is the last resort, the one with TLS before the one without.
 */
const PULL_ORDER: readonly (typeof PULL_SCHEMES)[number][] = ['coap', 'coap+tcp', 'https', 'http'];

const BLOCKS = { preferred: 512, min: 64 };
const RESUME = { enabled: true, maxSessions: 60, maxSpan: (21 * DAY) as Duration };
// Off: a device that is held awake spends 0.65 mAh for each awake window, on our account and not on its own.
const KEEP_AWAKE = { allowed: false, max: (10 * MINUTE) as Duration };

export const delivery = mapping(
  {
    object: withDefault(oneOf(UPDATE_OBJECTS), 'Firmware'),
    instance: withDefault(integer({ min: 0, max: 65_534 }), 0),
    method: withDefault(oneOf(['Auto', 'Pull', 'Push']), 'Auto'),
    protocolOrder: withDefault(list(oneOf(PULL_SCHEMES, ['coaps', 'coaps+tcp']), { min: 1, max: 6 }), PULL_ORDER),
    blockSize: withDefault(
      mapping({ preferred: withDefault(blockSize, BLOCKS.preferred), min: withDefault(blockSize, BLOCKS.min) }),
      BLOCKS,
    ),
    inactivityTimeout: withDefault(duration, (45 * MINUTE) as Duration),
    resume: withDefault(
      mapping({
        enabled: withDefault(flag, RESUME.enabled),
        maxSessions: withDefault(integer({ min: 1, max: 100_000 }), RESUME.maxSessions),
        maxSpan: withDefault(durationWithin('1m', '365d'), RESUME.maxSpan),
      }),
      RESUME,
    ),
    keepAwake: withDefault(
      mapping({ allowed: withDefault(flag, KEEP_AWAKE.allowed), max: withDefault(durationWithin('1s', '1h'), KEEP_AWAKE.max) }),
      KEEP_AWAKE,
    ),
  },
  ['protocol', 'ackTimeout', 'uriToken', 'quirksProfile'],
);

/** `/5/0/14`, `/5/0/11` and `/5/0/13`: what the device is told about installing. */
export const activation = mapping(
  {
    automaticUpgradeAtDownload: withDefault(oneOf(['Off', 'On', 'Leave']), 'Off'),
    severity: optional(oneOf(['Critical', 'Mandatory', 'Optional'])),
    maximumDefer: optional(durationWithin('0s', '365d')),
  },
  ['trigger', 'prestage'],
);
