import type { FailureClass } from '@drover/campaign';
import type { Standing } from '../device/update-event.ts';
import type { Limits } from '../watch/limits.ts';
import type { Coverage } from '../radio.ts';
import type { Chaos } from '../wire/chaos.ts';
import { BY_THE_BOOK, type WireTraits } from '../wire/serving.ts';
import { AS_USUAL, type Behaviour } from './behaviour.ts';

/** How a campaign must end for a device: a state, or the class of its failure. */
export type Outcome = 'succeeded' | 'skipped' | FailureClass;

/** How a stack registers. */
export interface RegistrationTraits {
  /** Enablers it tries, the first one first: after 4.12 the next. */
  readonly versions: readonly string[];
  /** `UQ`: the queue mode of 1.0 in `b`, whatever the version; `absent` says nothing. */
  readonly binding: 'plain' | 'UQ' | 'absent';
  /** Content formats in the root link; without it a server has to take what comes. */
  readonly listsFormats: boolean;
  readonly rootPath: '/' | '/lwm2m';
  readonly quotesVersions: boolean;
  /** Instance of the Server object. */
  readonly serverInstance: number;
  /** Bytes per block of a Register in blocks. */
  readonly blockBytes: number | undefined;
  readonly wakesWith: 'Update' | 'Register';
  /** Says good-bye before it installs. */
  readonly deregisters: boolean;
  /** Lets its Lifetime be written. */
  readonly takesLifetime: boolean;
  /** Has `/1/x/4` and `/1/x/5`: de-registers, is silent for so long, and registers anew. */
  readonly canBeDisabled: boolean;
}

/** How a stack answers reads. */
export interface ContentTraits {
  readonly formats: 'all' | 'TLV' | 'SenML JSON';
  /** Of one resource, without Accept. */
  readonly single: 'text' | 'TLV';
  readonly composite: 'refused' | 'answered' | 'unanswered';
  /** `ignored` answers like a read. */
  readonly observe: 'yes' | 'refused' | 'ignored';
  /** `Send` posts to `/dp` instead. */
  readonly notifies: 'NON' | 'CON' | 'Send';
  readonly notifiesAs: 'asked' | 'text';
}

/** The receiving end of a push. */
export interface PushTraits {
  /** `/19/0/0` instead of the object's own Package. */
  readonly at: 'package' | 'object-19';
  /** 5.03 to everything else meanwhile, to block 0 again and to a block that it has. */
  readonly isBusyMeanwhile: boolean;
  /** 2.31 to blocks out of order, which it puts where they belong. */
  readonly takesGaps: boolean;
  /** 4.08 to a block that it has, as if it were a gap. */
  readonly refusesTwice: boolean;
  /** Largest block, and how it says so. */
  readonly maxBlock: { readonly bytes: number; readonly says: '2.31' | '4.13' } | undefined;
  readonly showsDownloading: boolean;
}

/** The asking end of a pull. */
export interface PullTraits {
  /** Own size in the first GET, and never more than that; without it the server's. */
  readonly blockBytes: number | undefined;
  /** Whether it goes on after a power loss; before or after it registers. */
  readonly resumes: 'before-registering' | 'after-registering' | 'no';
}

export type ObjectId = 5 | 9 | 33629;

/** One thing of a device that can be replaced. */
export interface PartTraits {
  readonly object: ObjectId;
  readonly instance: number;
  /** Name in the image; an empty instance of Object 9 takes any. */
  readonly component: string;
  /** Where the version that runs can be read. */
  readonly versionAt: '/3/0/3' | '/3/0/19' | undefined;
  readonly delivery: 'Pull' | 'Push' | 'Both';
  /** `/5/x/8` as numbers; undefined has no such resource. */
  readonly protocols: readonly number[] | undefined;
  /** Resources 10, 11 and 13. */
  readonly hasCancel: boolean;
  readonly maximumDeferS: number | undefined;
  /** Resource 14: absent, or how it begins, and whether it can be switched off. */
  readonly automaticUpgrade: 'absent' | 'off' | 'on' | 'always-on';
  readonly start: Standing | undefined;
  /** Which of State and Result is told first, when they are not set together. */
  readonly order: 'together' | 'state-first' | 'result-first';
  readonly push: PushTraits;
  readonly pull: PullTraits;
  readonly software: SoftwareTraits;
  readonly linked: boolean;
  readonly behaviour: Behaviour;
}

/** What only Object 9 has. */
export interface SoftwareTraits {
  /** `none`: no instance until one is created; `empty`: one without a package; `installed`: an older package runs. */
  readonly begins: 'none' | 'empty' | 'installed';
  /** How the argument 1 of Uninstall has to be written. */
  readonly uninstallFor: '1' | "0='1'" | 'either';
  /** From DOWNLOADED to DELIVERED, campaign ms. */
  readonly verifiesMs: number;
  readonly activation: 'asked' | 'by-itself' | 'never';
  /** POST and DELETE on the object. */
  readonly creates: boolean;
}

export interface Profile {
  /** One line for people. */
  readonly does: string;
  /** Where it was seen: a line of `device-behaviour.md` or of `lwm2m-facts.md`. */
  readonly source: string;
  readonly outcome: Outcome;
  readonly queueMode: boolean;
  /** Fed from the mains: its battery is for when these fail. */
  readonly onMains: boolean;
  readonly ce: Coverage;
  /** Percent; otherwise drawn for each device. */
  readonly battery?: number;
  readonly chaos?: Partial<Chaos>;
  readonly registration: RegistrationTraits;
  readonly content: ContentTraits;
  readonly wire: WireTraits;
  /** The first one is what a campaign is about. */
  readonly parts: readonly [PartTraits, ...PartTraits[]];
}

export const PLAIN_REGISTRATION: RegistrationTraits = {
  versions: ['1.1'],
  binding: 'plain',
  listsFormats: true,
  rootPath: '/',
  quotesVersions: false,
  serverInstance: 0,
  takesLifetime: true,
  canBeDisabled: false,
  blockBytes: undefined,
  wakesWith: 'Update',
  deregisters: false,
};

export const PLAIN_CONTENT: ContentTraits = {
  formats: 'all',
  single: 'text',
  composite: 'refused',
  observe: 'yes',
  notifies: 'NON',
  notifiesAs: 'asked',
};

const PLAIN_PUSH: PushTraits = {
  at: 'package',
  isBusyMeanwhile: false,
  takesGaps: false,
  refusesTwice: false,
  maxBlock: undefined,
  showsDownloading: false,
};

export const MODEM = 'wm-modem';
export const HOST = 'wm-host';
export const APPLICATION = 'wm-app';

export const PLAIN_PART: PartTraits = {
  object: 5,
  instance: 0,
  component: MODEM,
  versionAt: '/3/0/3',
  delivery: 'Pull',
  protocols: [0],
  hasCancel: false,
  maximumDeferS: undefined,
  automaticUpgrade: 'absent',
  start: undefined,
  order: 'together',
  push: PLAIN_PUSH,
  pull: { blockBytes: undefined, resumes: 'before-registering' },
  software: { begins: 'empty', uninstallFor: 'either', verifiesMs: 0, activation: 'asked', creates: false },
  linked: false,
  behaviour: AS_USUAL,
};

interface Differences {
  readonly outcome?: Outcome;
  readonly queueMode?: boolean;
  readonly onMains?: boolean;
  readonly ce?: Coverage;
  readonly battery?: number;
  readonly chaos?: Partial<Chaos>;
  readonly registration?: Partial<RegistrationTraits>;
  readonly content?: Partial<ContentTraits>;
  readonly wire?: Partial<WireTraits>;
  readonly parts?: Profile['parts'];
  readonly part?: Partial<Omit<PartTraits, 'push' | 'pull' | 'software'>>;
  readonly push?: Partial<PushTraits>;
  readonly pull?: Partial<PullTraits>;
  readonly software?: Partial<SoftwareTraits>;
}

/** A profile by what is different about it. */
export function profile(does: string, source: string, how: Differences = {}): Profile {
  const { registration, content, wire, parts, outcome = 'succeeded', queueMode = false, onMains = false, ce = 0, ...rest } = how;
  return {
    does,
    source,
    outcome,
    queueMode,
    onMains,
    ce,
    battery: rest.battery,
    chaos: rest.chaos,
    registration: { ...PLAIN_REGISTRATION, ...registration },
    content: { ...PLAIN_CONTENT, ...content },
    wire: { ...BY_THE_BOOK, ...wire },
    parts: parts ?? [part(how)],
  };
}

export function part(how: Pick<Differences, 'part' | 'push' | 'pull' | 'software'> = {}): PartTraits {
  return {
    ...PLAIN_PART,
    ...how.part,
    push: { ...PLAIN_PART.push, ...how.push },
    pull: { ...PLAIN_PART.pull, ...how.pull },
    software: { ...PLAIN_PART.software, ...how.software },
  };
}

/** Skipped is expected only of a device that the limits exclude. */
export function outcomeUnder({ outcome, ce, battery = 100 }: Profile, limits: Limits): Outcome {
  const isExcluded = ce > (limits.maxCoverage ?? 3) || battery < limits.minBatteryLevel * 100;
  if (isExcluded) return 'skipped';
  return outcome === 'skipped' ? 'succeeded' : outcome;
}
