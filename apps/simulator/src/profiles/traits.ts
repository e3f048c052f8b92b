import { CODE } from '@drover/coap';
import { DAY, HOUR, MINUTE, SECOND } from '@drover/kernel';
import { UPDATE_STATE } from '@drover/lwm2m';
import type { UpdateEvent } from '../device/update-event.ts';
import { once, type Behaviour, type BlockReaction, type InstallReaction, type ResetWay } from './behaviour.ts';

const here = (reaction: BlockReaction): Behaviour => ({ block: ({ isHere }) => (isHere ? reaction : undefined) });
const installs = (how: Partial<InstallReaction>): Behaviour => ({
  install: () => ({ runs: 'new', event: 'installed', comesBack: 'reboot', ...how }),
});

// On a block.
export const flipsAByte = here({ type: 'damage' });
export const losesPowerOnce = once(here({ type: 'lose-power' }));
export const failsWith = (event: UpdateEvent, code?: number): Behaviour => here({ type: 'fail', event, code });
/** A slot that the image does not fit into: 4.13, with neither Size1 nor another block size, and no Result. */
export const hasASmallSlot = here({ type: 'fail', code: CODE.REQUEST_ENTITY_TOO_LARGE });
export const stalls = here({ type: 'stall' });
export const drains = (toPercent: number): Behaviour => here({ type: 'drain', toPercent, recoversMs: 6 * HOUR });
export const diesAtTheLastBlock: Behaviour = { block: ({ isLast }) => (isLast ? { type: 'vanish' } : undefined) };
/** Erasing takes longer than the first timeout of any server. */
export const erasesFlashFirst: Behaviour = { block: ({ isFirst }) => (isFirst ? { type: 'slow', ms: 8 * SECOND } : undefined) };

// On a complete image.
export const endsIn = (event: UpdateEvent): Behaviour => ({ complete: () => event });
export const neverSaysDownloaded: Behaviour = { complete: () => 'stay' };

// On Execute.
const executes = (how: ReturnType<NonNullable<Behaviour['execute']>>): Behaviour => ({
  execute: ({ state }) => (state === UPDATE_STATE.DOWNLOADED || state === DELIVERED ? how : undefined),
});
/** Of Object 9; no State of Object 5 from which an image could be installed has this number. */
const DELIVERED = 3;
export const hangsInUpdating = executes({ event: 'executed', then: 'nothing' });
export const vanishesOnExecute = executes({ event: 'executed', then: 'vanish' });
export const rebootsBeforeAnswering = executes({ event: 'executed', answer: 'never', then: 'install', installMs: SECOND });
export const answersAfterFlashing = executes({ event: 'executed', answer: 'late', then: 'install' });
export const installsFor = (installMs: number): Behaviour => executes({ event: 'executed', then: 'install', installMs });
export const saysYesAndDoesNothing = executes({ then: 'nothing' });
export const refusesExecute = executes({ code: CODE.METHOD_NOT_ALLOWED, then: 'nothing' });
export const defers = executes({ event: 'deferred', then: 'nothing' });
/** Where the server allows none, there is no deferral. */
export const defersAsLongAsItMay: Behaviour = {
  execute: (moment) => ((moment.maximumDeferS ?? 0) > 0 ? defers.execute?.(moment) : undefined),
};

// How an installation comes out.
export const comesBackOld = installs({ runs: 'old' });
export const comesBackOldAndForgets = installs({ runs: 'old', event: 'forgotten' });
export const forgetsTheResult = installs({ event: 'forgotten' });
export const doesNotRegister = installs({ comesBack: 'stays' });
export const failsToInstall = installs({ runs: 'old', event: 'install-failed', comesBack: 'stays' });
export const failsToInstallAndIsIdle = installs({ runs: 'old', event: 'install-failed-for-good' });
export const isSilentFor = (silentMs: number): Behaviour => installs({ comesBack: 'silent', silentMs });
export const fallsBackAfter = (fallsBackMs: number): Behaviour => installs({ fallsBackMs });
export const HOURS_OF_SILENCE = 18 * HOUR;
export const DAYS_OF_SILENCE = 9 * DAY;
export const TWENTY_MINUTES = 20 * MINUTE;

// On a URI.
export const refusesTheUri = (code: number, event?: UpdateEvent): Behaviour => ({
  uri: ({ state }) => (state === UPDATE_STATE.IDLE ? { code, event, starts: false } : undefined),
});
/** Of this scheme alone. */
/** With or without security around it. */
export const cannotDo = (scheme: 'coap' | 'coap+tcp', code: number): Behaviour => ({
  uri: (_moment, uri) =>
    [scheme, scheme.replace('coap', 'coaps')].some((each) => uri.startsWith(`${each}:`))
      ? { code, event: 'protocol-unsupported', starts: false }
      : undefined,
});
export const neverStarts: Behaviour = { uri: () => ({ code: CODE.CHANGED, event: 'uri-written', starts: false }) };

// On a reset.
export const resets = (how: Readonly<Partial<Record<ResetWay, number>>>, inStates: readonly number[]): Behaviour => ({
  reset: ({ state }, way) => {
    const code = inStates.includes(state) ? how[way] : undefined;
    return code === undefined ? undefined : { code };
  },
});
const { DOWNLOADING, DOWNLOADED } = UPDATE_STATE;
/** 2.04, and nothing behind it. */
export const ignoresAnEmptyUri = resets({ 'empty-uri': CODE.CHANGED }, [DOWNLOADING]);
export const resetsByCancelAlone = resets({ 'empty-uri': CODE.BAD_REQUEST, nul: CODE.BAD_REQUEST }, [DOWNLOADING, DOWNLOADED]);
export const refusesCancel = resets({ cancel: CODE.METHOD_NOT_ALLOWED }, [DOWNLOADING, DOWNLOADED]);
export const refusesEveryReset = resets({ 'empty-uri': CODE.METHOD_NOT_ALLOWED, nul: CODE.BAD_REQUEST, cancel: CODE.METHOD_NOT_ALLOWED }, [
  DOWNLOADING,
  DOWNLOADED,
]);
/** Taken for image data in Idle. */
export const takesNulForData: Behaviour = {
  reset: ({ state }, way) => (way === 'nul' && state === UPDATE_STATE.IDLE ? { code: CODE.CHANGED, event: 'unsupported' } : undefined),
};
/** Result 58 of Object 9 survives. */
export const keepsTheFailure: Behaviour = {
  reset: ({ result }, way) =>
    way === 'uninstall' && result === 58 ? { code: CODE.CHANGED, becomes: { state: 0, result: 58 } } : undefined,
};

// On power-on.
export const keepsStateInRam: Behaviour = { boot: () => ({ state: UPDATE_STATE.IDLE, result: 0 }) };

/** The stub of a client library: 2.04 to everything, and nothing behind it but State 2 after Execute. */
export const isAStub: Behaviour = {
  uri: () => ({ code: CODE.CHANGED, starts: false }),
  complete: () => 'stay',
  execute: () => ({ becomes: { state: UPDATE_STATE.DOWNLOADED, result: 0 }, then: 'nothing' }),
  reset: () => ({ code: CODE.CHANGED }),
};
