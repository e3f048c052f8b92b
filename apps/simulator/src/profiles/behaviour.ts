import type { Standing, UpdateEvent } from '../device/update-event.ts';

/** What a hook may know of the part it speaks for. */
export interface Moment extends Standing {
  /** How often a hook has spoken before: a fault that happens once asks this. */
  readonly mishaps: number;
  /** `/5/x/13` as it stands, s; undefined where the device has no such resource. */
  readonly maximumDeferS: number | undefined;
}

export interface BlockMoment extends Moment {
  /** The block in which the fault of this device lies, drawn for each device. */
  readonly isHere: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** A write to the Package URI. */
export interface UriReaction {
  readonly code: number;
  readonly event?: UpdateEvent;
  /** Whether the download begins. */
  readonly starts: boolean;
}

export type BlockReaction =
  /** A byte of it is wrong in the device's memory. */
  | { readonly type: 'damage' }
  /** The transfer ends; a push is answered `code`, 4.13 without one. */
  | { readonly type: 'fail'; readonly event?: UpdateEvent; readonly code?: number }
  | { readonly type: 'lose-power' }
  /** Off for ever, or for so long, campaign ms. */
  | { readonly type: 'vanish'; readonly forMs?: number }
  /** Neither taken nor answered, and nothing more is asked for. */
  | { readonly type: 'stall' }
  /** Taken, and answered later than the radio would need, campaign ms. */
  | { readonly type: 'slow'; readonly ms: number }
  /** Taken, with the last of the charge; loads again after that time, campaign ms. */
  | { readonly type: 'drain'; readonly toPercent: number; readonly recoversMs: number };

/** Update of Objects 5 and 33629, Install of Object 9. */
export interface ExecuteReaction {
  readonly code?: number;
  /** `never` answers nothing, `late` when the installation is over. */
  readonly answer?: 'now' | 'never' | 'late';
  readonly event?: UpdateEvent;
  readonly becomes?: Standing;
  readonly then: 'install' | 'nothing' | 'vanish';
  /** Instead of what was drawn for the device, campaign ms. */
  readonly installMs?: number;
}

/** How an installation comes out. */
export interface InstallReaction {
  readonly runs: 'new' | 'old';
  readonly event: UpdateEvent;
  /** `stays`: no reboot and no new registration. `silent`: comes back after `silentMs`. */
  readonly comesBack: 'reboot' | 'stays' | 'silent';
  readonly silentMs?: number;
  /** The old image comes back by itself after so long, campaign ms. */
  readonly fallsBackMs?: number;
}

export type ResetWay = 'empty-uri' | 'nul' | 'cancel' | 'uninstall';

/** An answer, and what the state makes of it; without an event nothing happens behind the answer. */
export interface ResetReaction {
  readonly code: number;
  readonly event?: UpdateEvent;
  readonly becomes?: Standing;
}

/**
 * What a kind of device does otherwise than its object's table says: each hook answers `undefined` for "as usual". Pure,
 * and shared by all devices of a profile.
 */
export interface Behaviour {
  readonly uri?: (moment: Moment, uri: string) => UriReaction | undefined;
  readonly block?: (moment: BlockMoment) => BlockReaction | undefined;
  /** `stay`: nothing comes of a complete image. */
  readonly complete?: (moment: Moment, verdict: UpdateEvent) => UpdateEvent | 'stay' | undefined;
  readonly execute?: (moment: Moment) => ExecuteReaction | undefined;
  readonly install?: (moment: Moment) => InstallReaction | undefined;
  readonly reset?: (moment: Moment, way: ResetWay) => ResetReaction | undefined;
  /** What of the standing is left when power comes back. */
  readonly boot?: (moment: Moment) => Standing | undefined;
}

export const AS_USUAL: Behaviour = {};

/** Traits side by side; where two have the same hook, the first that answers counts. */
export function compose(...traits: readonly Behaviour[]): Behaviour {
  const first =
    <A extends readonly unknown[], R>(hooks: readonly (((...args: A) => R | undefined) | undefined)[]) =>
    (...args: A): R | undefined => {
      for (const hook of hooks) {
        const reaction = hook?.(...args);
        if (reaction !== undefined) return reaction;
      }
      return undefined;
    };
  return {
    uri: first(traits.map(({ uri }) => uri)),
    block: first(traits.map(({ block }) => block)),
    complete: first(traits.map(({ complete }) => complete)),
    execute: first(traits.map(({ execute }) => execute)),
    install: first(traits.map(({ install }) => install)),
    reset: first(traits.map(({ reset }) => reset)),
    boot: first(traits.map(({ boot }) => boot)),
  };
}

/** The first time only. */
export function once(trait: Behaviour): Behaviour {
  return atMost(1, trait);
}

export function atMost(times: number, { uri, block, complete, execute, install, reset, boot }: Behaviour): Behaviour {
  const guarded = <M extends Moment, A extends readonly unknown[], R>(hook: ((moment: M, ...args: A) => R | undefined) | undefined) =>
    hook && ((moment: M, ...args: A): R | undefined => (moment.mishaps < times ? hook(moment, ...args) : undefined));
  return {
    uri: guarded(uri),
    block: guarded(block),
    complete: guarded(complete),
    execute: guarded(execute),
    install: guarded(install),
    reset: guarded(reset),
    boot: guarded(boot),
  };
}
