import { Lwm2mError } from './errors.ts';

/** `/o`, `/o/i`, `/o/i/r` or `/o/i/r/ri`, taken apart; `/` has none of them. */
export interface Lwm2mPath {
  readonly object?: number;
  readonly instance?: number;
  readonly resource?: number;
  readonly resourceInstance?: number;
}

/** 65535 is reserved and never a real id (Core section 7). */
export const MAX_ID = 65_534;

export function isId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= MAX_ID;
}

const SEGMENTS = /^(\/\d{1,5}){1,4}$/;

/** The ids of a path, 0 to 4 of them. */
export function idsOf(path: string): number[] {
  if (path === '/') return [];
  const ids = SEGMENTS.test(path) ? path.slice(1).split('/').map(Number) : undefined;
  if (ids === undefined || !ids.every(isId)) throw new Lwm2mError('PATH_INVALID', `not a LwM2M path: ${JSON.stringify(path.slice(0, 40))}`);
  return ids;
}

export function parsePath(path: string): Lwm2mPath {
  const [object, instance, resource, resourceInstance] = idsOf(path);
  return { object, instance, resource, resourceInstance };
}

export function formatPath(...ids: readonly number[]): string {
  if (ids.length > 4 || !ids.every(isId)) throw new Lwm2mError('PATH_INVALID', `no path with ids ${ids.join(', ')}`);
  return `/${ids.join('/')}`;
}

/** The one way to write a path: `/5/025` is `/5/25`, and would otherwise be taken for another one. */
export function normalPath(path: string): string {
  return formatPath(...idsOf(path));
}

/** Whether `path` is `base` or lies below it. */
export function isWithin(path: string, base: string): boolean {
  return base === '/' || path === base || path.startsWith(`${base}/`);
}
