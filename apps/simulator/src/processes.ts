/** What a process needs beside its devices: libraries, pipes, a log. */
const RESERVED_FILES = 200;
/** A device that pulls has a second socket. */
const FILES_PER_DEVICE = 2;

export interface Share {
  readonly from: number;
  readonly to: number;
}

/** Spreads a fleet evenly over as many processes as the limit of open files asks for, or as was wished. */
export function sharesOf(devices: number, { openFiles, wished = 0 }: { openFiles: number; wished?: number }): Share[] {
  const perProcess = Math.max(1, Math.floor((openFiles - RESERVED_FILES) / FILES_PER_DEVICE));
  const count = Math.min(devices, Math.max(1, wished, Math.ceil(devices / perProcess)));
  const edge = (index: number): number => Math.round((index * devices) / count);
  return Array.from({ length: count }, (_, index) => ({ from: edge(index), to: edge(index + 1) }));
}

/** The soft limit of this process; without one, or where it is not told, a number that is common. */
export function openFileLimit(): number {
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft?: number | string } } } | undefined;
  const soft = Number(report?.userLimits?.open_files?.soft ?? 1024);
  return Number.isFinite(soft) ? soft : 1_048_576;
}
