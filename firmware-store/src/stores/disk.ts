import { open } from 'node:fs/promises';
import { ArtifactError } from '../trust/errors.ts';

/** Full, broken, unmounted or forbidden: for the caller all of it is a store that cannot be reached now. */
export async function onDisk<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    throw new ArtifactError('STORE_UNREACHABLE', `the disk answers ${code}`, { cause });
  }
}

export function systemCode(error: unknown): string | undefined {
  const isSystem = typeof error === 'object' && error !== null && 'errno' in error && 'code' in error;
  return isSystem ? String(error.code) : undefined;
}

/** A rename is on the disk only when its directory is. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
