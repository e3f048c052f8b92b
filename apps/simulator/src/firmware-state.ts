import { UPDATE_RESULT, UPDATE_STATE } from '@drover/lwm2m';

/** State and Update Result of Object 5, as the device keeps them through power loss. */
export interface Firmware {
  readonly state: number;
  readonly result: number;
}

export const FIRMWARE_EVENTS = [
  'uri-written',
  'push-started',
  'reset',
  'cancelled',
  'executed',
  'verified',
  'damaged',
  'unsupported',
  'memory-full',
  'connection-lost',
  'uri-invalid',
  'protocol-unsupported',
  'installed',
] as const;
export type FirmwareEvent = (typeof FIRMWARE_EVENTS)[number];

export const FRESH: Firmware = { state: UPDATE_STATE.IDLE, result: UPDATE_RESULT.INITIAL };
const { IDLE, DOWNLOADING, DOWNLOADED, UPDATING } = UPDATE_STATE;
const idle = (result: number): Firmware => ({ state: IDLE, result });

/** How a download ends, by pull or by push. */
const ENDS: Readonly<Partial<Record<FirmwareEvent, Firmware>>> = {
  verified: { state: DOWNLOADED, result: UPDATE_RESULT.INITIAL },
  damaged: idle(UPDATE_RESULT.INTEGRITY_CHECK_FAILED),
  unsupported: idle(UPDATE_RESULT.UNSUPPORTED_PACKAGE),
  'memory-full': idle(UPDATE_RESULT.OUT_OF_RAM),
};

/** A push shows State 0 until it is complete; only a pull passes through State 1. */
const MOVES: Readonly<Record<number, Readonly<Partial<Record<FirmwareEvent, Firmware>>>>> = {
  [IDLE]: {
    ...ENDS,
    'uri-written': { state: DOWNLOADING, result: UPDATE_RESULT.INITIAL },
    'push-started': FRESH,
    reset: FRESH,
    'uri-invalid': idle(UPDATE_RESULT.INVALID_URI),
    'protocol-unsupported': idle(UPDATE_RESULT.UNSUPPORTED_PROTOCOL),
  },
  [DOWNLOADING]: {
    ...ENDS,
    reset: FRESH,
    cancelled: idle(UPDATE_RESULT.CANCELLED),
    'connection-lost': idle(UPDATE_RESULT.CONNECTION_LOST),
    'uri-invalid': idle(UPDATE_RESULT.INVALID_URI),
  },
  [DOWNLOADED]: {
    reset: FRESH,
    cancelled: idle(UPDATE_RESULT.CANCELLED),
    executed: { state: UPDATING, result: UPDATE_RESULT.INITIAL },
  },
  [UPDATING]: { installed: idle(UPDATE_RESULT.SUCCESS) },
};

/** `undefined`: refused, or without meaning in this State. */
export function next(firmware: Firmware, event: FirmwareEvent): Firmware | undefined {
  return MOVES[firmware.state]?.[event];
}
