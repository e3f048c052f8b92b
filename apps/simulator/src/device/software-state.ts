import type { Machine, Moves, Standing, UpdateEvent } from './update-event.ts';

/** Update State and Update Result of Object 9. Result 1 is "downloading" here, and 2 "installed". */
export const SOFTWARE_STATE = { INITIAL: 0, DOWNLOAD_STARTED: 1, DOWNLOADED: 2, DELIVERED: 3, INSTALLED: 4 } as const;
const { INITIAL, DOWNLOAD_STARTED, DOWNLOADED, DELIVERED, INSTALLED } = SOFTWARE_STATE;

export const EMPTY: Standing = { state: INITIAL, result: 0 };
/** A package that was there from the beginning. */
export const IN_PLACE: Standing = { state: INSTALLED, result: 2 };
const initial = (result: number): Standing => ({ state: INITIAL, result });

const ENDS: Readonly<Partial<Record<UpdateEvent, Standing>>> = {
  received: { state: DOWNLOADED, result: 1 },
  verified: { state: DELIVERED, result: 3 },
  damaged: initial(53),
  unsupported: initial(54),
  'memory-full': initial(51),
  'flash-full': initial(50),
  'connection-lost': initial(52),
  'uri-invalid': initial(56),
  'uri-unknown': initial(57),
  'protocol-unsupported': initial(56),
};

/**
 * A push shows INITIAL until it is complete. While DELIVERED, `executed` only marks that the installation has begun: no
 * state of its own exists for it. `reset` is Uninstall.
 */
const MOVES: Moves = {
  [INITIAL]: {
    ...ENDS,
    'uri-written': { state: DOWNLOAD_STARTED, result: 1 },
    'push-started': EMPTY,
  },
  [DOWNLOAD_STARTED]: { ...ENDS, forgotten: EMPTY },
  [DOWNLOADED]: { verified: ENDS.verified!, damaged: initial(53), unsupported: initial(54), forgotten: EMPTY },
  [DELIVERED]: {
    executed: { state: DELIVERED, result: 3 },
    installed: IN_PLACE,
    'install-failed': { state: DELIVERED, result: 58 },
    reset: EMPTY,
    forgotten: EMPTY,
  },
  [INSTALLED]: { reset: EMPTY },
};

export const nextSoftware: Machine = (standing, event) => MOVES[standing.state]?.[event];
