import type { ChildProcess } from 'node:child_process';

/** The next message of this type; an error if the process ends before. */
export async function messageOf(child: ChildProcess, type: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new TypeError(`a process ended with ${code} before it said "${type}"`));
    child.once('exit', onExit);
    const listen = (message: unknown): void => {
      if ((message as { type?: unknown }).type !== type) return;
      child.off('exit', onExit);
      child.off('message', listen);
      resolve(message);
    };
    child.on('message', listen);
  });
}
