import { durationText, type Namespace } from '@drover/kernel';
import { textFact, type Device, type FactName } from '@drover/fleet';
import { blockSize, durationWithin, flag, integer, oneOf } from './leaves.ts';
import { appDataPath, versionPath } from './resource-path.ts';
import { list, mapping, optional, required, withDefault, type Fault, type FaultPath, type Read } from './schema.ts';
import { textPattern, versionPattern, type TextPattern } from './text-pattern.ts';

/** Content formats by the names that operators know. */
export const FORMAT_NAMES = ['Text', 'Opaque', 'CBOR', 'SenMLJSON', 'SenMLCBOR', 'TLV', 'LwM2MJSON', 'LwM2MCBOR'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

const matchPatterns = list(textPattern, { min: 1, max: 200 });

/** What one kind of device needs, where it differs from what the standard lets us expect. Every field has one effect. */
export const deviceClassSpec = mapping(
  {
    match: required(
      mapping({
        manufacturer: optional(matchPatterns),
        model: optional(matchPatterns),
        firmwareVersion: optional(list(versionPattern, { min: 1, max: 200 })),
      }),
    ),
    precedence: withDefault(integer({ min: 0, max: 1000 }), 0),
    coap: optional(
      mapping({
        ackTimeout: optional(durationWithin('500ms', '90s')),
        maxRetransmit: optional(integer({ min: 0, max: 8 })),
        firstBlockTimeout: optional(durationWithin('1s', '90s')),
        responseTimeout: optional(durationWithin('1s', '5m')),
        maxBlockSize: optional(blockSize),
        busyRetry: optional(durationWithin('1s', '15m')),
        echo: optional(flag),
      }),
    ),
    awake: optional(durationWithin('1s', '10m')),
    pauseAfterRegister: optional(durationWithin('1ms', '30s')),
    lwm2m: optional(
      mapping({
        formats: optional(list(oneOf(FORMAT_NAMES), { min: 1, max: FORMAT_NAMES.length })),
        composite: optional(flag),
        observe: optional(oneOf(['Instance', 'Resource', 'None'])),
        settle: optional(durationWithin('100ms', '30s')),
        versionFrom: optional(versionPath),
      }),
    ),
    update: optional(mapping({ pushTo: optional(appDataPath), resume: optional(oneOf(['Both', 'Pull', 'Push', 'None'])) })),
  },
  ['contactModel', 'energyModel', 'objectVersions', 'quirks'],
);
export type DeviceClassSpec = Read<typeof deviceClassSpec>;

/** What of a class document decides between two of them. */
export interface RankedClass {
  readonly metadata: { readonly name: string; readonly namespace: Namespace };
  readonly spec: DeviceClassSpec;
}

/** Of the defaults: MAX_RETRANSMIT, ACK_TIMEOUT and the awake window (RFC 7252 section 4.8). */
const [RETRANSMITS, ACK_TIMEOUT_MS, AWAKE_MS] = [4, 2000, 93_000];
const ACK_RANDOM_FACTOR = 1.5;
/** A device forgets our message id 247 s after the first copy, of which 100 s may pass under way, twice: no copy may leave later. */
export const MAX_TRANSMIT_SPAN_MS = 145_000;

/** From the first copy of a message to the last, at most. */
export function transmitSpanMs(timeoutMs: number, retransmits: number): number {
  return timeoutMs * (2 ** retransmits - 1) * ACK_RANDOM_FACTOR;
}

/** What each field alone cannot see. */
export function deviceClassFaults(spec: DeviceClassSpec): Fault[] {
  const { match, coap, lwm2m, update, awake, pauseAfterRegister } = spec;
  const faults: Fault[] = [];
  if (!match.manufacturer && !match.model && !match.firmwareVersion)
    faults.push(missing(['spec', 'match'], '"manufacturer", "model" or "firmwareVersion" is missing; for every device write model: ["*"]'));
  if (![coap, lwm2m, update].some(isAny) && awake === undefined && pauseAfterRegister === undefined)
    faults.push(missing(['spec'], 'the class sets nothing, so it would change nothing'));
  if (coap) faults.push(...spanFaults(coap));
  if (lwm2m?.versionFrom !== undefined && match.firmwareVersion)
    faults.push(
      invalid(
        ['spec', 'lwm2m', 'versionFrom'],
        'the class says where the version is read and is chosen by that version: match by model instead',
      ),
    );
  const awakeMs = awake ?? AWAKE_MS;
  if (pauseAfterRegister !== undefined && pauseAfterRegister >= awakeMs)
    faults.push(invalid(['spec', 'pauseAfterRegister'], `the device sleeps after ${durationText(awakeMs)}: nothing would be asked of it`));
  return faults;
}

function spanFaults({ ackTimeout, maxRetransmit, firstBlockTimeout }: NonNullable<DeviceClassSpec['coap']>): Fault[] {
  const retransmits = maxRetransmit ?? RETRANSMITS;
  const first = ackTimeout === undefined ? 'maxRetransmit' : 'ackTimeout';
  return [
    ...spanFault(first, ackTimeout ?? ACK_TIMEOUT_MS, retransmits),
    // Where the class does not say how often, block 0 is repeated as often as there is time for.
    ...(firstBlockTimeout !== undefined && maxRetransmit !== undefined
      ? spanFault('firstBlockTimeout', firstBlockTimeout, retransmits)
      : []),
  ];
}

function spanFault(field: string, timeoutMs: number, retransmits: number): Fault[] {
  const span = transmitSpanMs(timeoutMs, retransmits);
  if (span <= MAX_TRANSMIT_SPAN_MS) return [];
  const message = `with ${retransmits} retransmissions the last copy could leave ${span / 1000} s after the first; at most ${MAX_TRANSMIT_SPAN_MS / 1000} s are safe: lower maxRetransmit or the timeout`;
  return [invalid(['spec', 'coap', field], message)];
}

const isAny = (part: object | undefined): boolean => Object.values(part ?? {}).some((value) => value !== undefined);
const missing = (path: FaultPath, message: string): Fault => ({ code: 'FIELD_MISSING', path, message });
const invalid = (path: FaultPath, message: string): Fault => ({ code: 'VALUE_INVALID', path, message });

/** Whether all that the class asks for is known of the device and fits. */
export function fitsDevice({ match }: DeviceClassSpec, device: Device): boolean {
  return (
    fits(match.manufacturer, device, 'manufacturer') &&
    fits(match.model, device, 'model') &&
    fits(match.firmwareVersion, device, 'firmwareVersion')
  );
}

function fits(patterns: readonly TextPattern[] | undefined, device: Device, fact: FactName): boolean {
  if (!patterns) return true;
  const value = textFact(device, fact);
  return value !== undefined && patterns.some(({ matches }) => matches(value));
}

/** The classes of a device, the one that counts first: by precedence, then by name. */
export function classesOf<C extends RankedClass>(device: Device, classes: readonly C[]): C[] {
  return classes
    .filter(({ metadata, spec }) => metadata.namespace === device.namespace && fitsDevice(spec, device))
    .sort((a, b) => b.spec.precedence - a.spec.precedence || (a.metadata.name < b.metadata.name ? -1 : 1));
}
