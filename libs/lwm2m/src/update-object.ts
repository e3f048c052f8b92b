import { UPDATE_RESULT, UPDATE_STATE } from './objects.ts';

/** Objects that take an image: Firmware Update (5), Software Management (9), and AVSystem's Advanced Firmware Update (33629). */
export type UpdateObjectName = 'Firmware' | 'Software' | 'AdvancedFirmware';

export const UPDATE_OBJECT: Readonly<Record<UpdateObjectName, number>> = { Firmware: 5, Software: 9, AdvancedFirmware: 33_629 };

/** Which object takes the image, and which of its instances; `component` is the package's name there. */
export interface UpdateTarget {
  readonly object: UpdateObjectName;
  readonly instance: number;
  readonly component: string;
}

/** Paths of one instance. What an object does not have is absent. */
export interface UpdatePaths {
  readonly object: string;
  readonly instance: string;
  readonly package: string;
  readonly packageUri: string;
  /** Execute: Update of Object 5, Install of Object 9. */
  readonly execute: string;
  readonly state: string;
  readonly result: string;
  readonly packageName: string;
  readonly packageVersion: string;
  /** Shows the version that runs; absent where that is the business of Object 3. */
  readonly currentVersion?: string;
  readonly protocols?: string;
  readonly delivery?: string;
  readonly cancel?: string;
  readonly severity?: string;
  readonly maximumDefer?: string;
  readonly automaticUpgrade?: string;
  readonly linked?: string;
  readonly uninstall?: string;
  readonly activate?: string;
  readonly deactivate?: string;
  readonly activation?: string;
}

/** Paths of the first instances: a whole fleet has the same ones, and keeps them for as long as its updates take. */
const KNOWN = new Map<string, UpdatePaths>();
const INSTANCES_KNOWN = 16;

export function pathsOf(target: Pick<UpdateTarget, 'object' | 'instance'>): UpdatePaths {
  const key = `${target.object} ${target.instance}`;
  const known = KNOWN.get(key);
  if (known) return known;
  const paths = makePaths(target);
  if (target.instance < INSTANCES_KNOWN) KNOWN.set(key, paths);
  return paths;
}

function makePaths({ object, instance }: Pick<UpdateTarget, 'object' | 'instance'>): UpdatePaths {
  const root = `/${UPDATE_OBJECT[object]}`;
  const at = (resource: number): string => `${root}/${instance}/${resource}`;
  const place = { object: root, instance: `${root}/${instance}` };
  if (object === 'Software') return { ...place, ...softwarePaths(at) };
  const shared = { ...place, ...firmwarePaths(at) };
  return object === 'Firmware' ? { ...shared, automaticUpgrade: at(14) } : { ...shared, currentVersion: at(15), linked: at(16) };
}

type At = (resource: number) => string;

function firmwarePaths(at: At): Omit<UpdatePaths, 'object' | 'instance'> {
  return {
    package: at(0),
    packageUri: at(1),
    execute: at(2),
    state: at(3),
    result: at(5),
    packageName: at(6),
    packageVersion: at(7),
    protocols: at(8),
    delivery: at(9),
    cancel: at(10),
    severity: at(11),
    maximumDefer: at(13),
  };
}

function softwarePaths(at: At): Omit<UpdatePaths, 'object' | 'instance'> {
  return {
    packageName: at(0),
    packageVersion: at(1),
    package: at(2),
    packageUri: at(3),
    execute: at(4),
    uninstall: at(6),
    state: at(7),
    result: at(9),
    activate: at(10),
    deactivate: at(11),
    activation: at(12),
  };
}

/** Update State of Object 9 (its section "Update State"). */
export const SOFTWARE_STATE = { INITIAL: 0, DOWNLOAD_STARTED: 1, DOWNLOADED: 2, DELIVERED: 3, INSTALLED: 4 } as const;

/** State and Result in the words of Object 5, whatever object they were read from. */
export interface Standing {
  readonly state: number;
  readonly result: number;
  /** A version of the package is installed, this one or another: Object 9 alone says so. */
  readonly installed?: boolean;
}

/**
 * Object 9 counts differently: 1 is "downloading" there and "success" here, an installed package has a State of its own,
 * and an image is only ready when its integrity has been verified. `undefined` for a State that no standard knows.
 */
export function standingOf(object: UpdateObjectName, state: number, result: number): Standing | undefined {
  if (object !== 'Software') return { state, result };
  switch (state) {
    case SOFTWARE_STATE.INITIAL:
      return { state: UPDATE_STATE.IDLE, result: softwareResult(result), installed: false };
    case SOFTWARE_STATE.DOWNLOAD_STARTED:
    case SOFTWARE_STATE.DOWNLOADED:
      return { state: UPDATE_STATE.DOWNLOADING, result: softwareResult(result), installed: false };
    case SOFTWARE_STATE.DELIVERED:
      return { state: UPDATE_STATE.DOWNLOADED, result: softwareResult(result), installed: false };
    case SOFTWARE_STATE.INSTALLED:
      return { state: UPDATE_STATE.IDLE, result: UPDATE_RESULT.SUCCESS, installed: true };
    default:
      return undefined;
  }
}

const SOFTWARE_FAILURES: Readonly<Record<number, number>> = {
  50: UPDATE_RESULT.NOT_ENOUGH_FLASH,
  51: UPDATE_RESULT.OUT_OF_RAM,
  52: UPDATE_RESULT.CONNECTION_LOST,
  53: UPDATE_RESULT.INTEGRITY_CHECK_FAILED,
  54: UPDATE_RESULT.UNSUPPORTED_PACKAGE,
  56: UPDATE_RESULT.INVALID_URI,
  57: UPDATE_RESULT.UPDATE_FAILED,
  58: UPDATE_RESULT.UPDATE_FAILED,
  59: UPDATE_RESULT.UPDATE_FAILED,
};

/** What no standard has assigned: a failure, and nobody can say of what kind. */
export const UNNAMED_RESULT = 255;

/** 0 to 3 tell of progress, which State tells better; what is reserved or unassigned is a failure that nobody has named. */
function softwareResult(result: number): number {
  if (result >= 0 && result <= 3) return UPDATE_RESULT.INITIAL;
  return SOFTWARE_FAILURES[result] ?? UNNAMED_RESULT;
}
