/** State and Update Result of Object 5, as far as the engine must know them. */
export const STATE = { IDLE: 0, DOWNLOADED: 2, UPDATING: 3 } as const;
export const RESULT = { INITIAL: 0, SUCCESS: 1, DEFERRED: 11 } as const;
