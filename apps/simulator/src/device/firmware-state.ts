import { UPDATE_RESULT, UPDATE_STATE } from '@drover/lwm2m';
import type { Machine, Moves, Standing, UpdateEvent } from './update-event.ts';

export const FRESH: Standing = { state: UPDATE_STATE.IDLE, result: UPDATE_RESULT.INITIAL };
const { IDLE, DOWNLOADING, DOWNLOADED, UPDATING } = UPDATE_STATE;
/** Result of Object 33629 alone: another instance is in the way. */
const CONFLICTING_STATE = 12;
const idle = (result: number): Standing => ({ state: IDLE, result });
const downloaded = (result: number): Standing => ({ state: DOWNLOADED, result });

/** How a download ends, by pull or by push. */
const ENDS: Readonly<Partial<Record<UpdateEvent, Standing>>> = {
  verified: downloaded(UPDATE_RESULT.INITIAL),
  damaged: idle(UPDATE_RESULT.INTEGRITY_CHECK_FAILED),
  unsupported: idle(UPDATE_RESULT.UNSUPPORTED_PACKAGE),
  'memory-full': idle(UPDATE_RESULT.OUT_OF_RAM),
  'flash-full': idle(UPDATE_RESULT.NOT_ENOUGH_FLASH),
  'connection-lost': idle(UPDATE_RESULT.CONNECTION_LOST),
  'uri-invalid': idle(UPDATE_RESULT.INVALID_URI),
  'uri-unknown': idle(UPDATE_RESULT.INVALID_URI),
  'protocol-unsupported': idle(UPDATE_RESULT.UNSUPPORTED_PROTOCOL),
  conflicting: idle(CONFLICTING_STATE),
  forgotten: FRESH,
};

/** A push shows State 0 until it is complete; only a pull passes through State 1. */
const MOVES: Moves = {
  [IDLE]: {
    ...ENDS,
    'uri-written': { state: DOWNLOADING, result: UPDATE_RESULT.INITIAL },
    'push-started': FRESH,
    reset: FRESH,
  },
  [DOWNLOADING]: {
    ...ENDS,
    reset: FRESH,
    cancelled: idle(UPDATE_RESULT.CANCELLED),
  },
  [DOWNLOADED]: {
    reset: FRESH,
    cancelled: idle(UPDATE_RESULT.CANCELLED),
    executed: { state: UPDATING, result: UPDATE_RESULT.INITIAL },
    deferred: downloaded(UPDATE_RESULT.DEFERRED),
    forgotten: FRESH,
  },
  [UPDATING]: {
    installed: idle(UPDATE_RESULT.SUCCESS),
    'install-failed': downloaded(UPDATE_RESULT.UPDATE_FAILED),
    'install-failed-for-good': idle(UPDATE_RESULT.UPDATE_FAILED),
    forgotten: FRESH,
  },
};

/** Objects 5 and 33629, each instance by itself. */
export const nextFirmware: Machine = (standing, event) => MOVES[standing.state]?.[event];
