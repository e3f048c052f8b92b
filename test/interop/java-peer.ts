import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** For programs that live for a second: no compiler that pays off later, one collector, the classes of the JDK as they lie. */
const QUICK_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

/** A peer in Java: its libraries by Maven, one source file. They are kept for the next run, while the pom stays the same. */
export class JavaPeer {
  readonly #source: string;
  readonly #folder: string;

  /** @param name of the folder under `peers` */
  constructor(name: string) {
    this.#source = join(import.meta.dirname, 'peers', name);
    this.#folder = join(import.meta.dirname, '..', '..', '.tools', name);
  }

  /** Arguments of `java`. */
  command(...args: string[]): string[] {
    return [...QUICK_START, '-cp', `${this.#classes}:${join(this.#libraries, '*')}`, 'Peer', ...args];
  }

  /** The reason where this machine cannot. */
  build(): string | undefined {
    try {
      this.#fetch();
      mkdirSync(this.#classes, { recursive: true });
      const from = ['-cp', join(this.#libraries, '*'), '-d', this.#classes, join(this.#source, 'Peer.java')];
      execFileSync('javac', from, { stdio: 'pipe', timeout: 60_000 });
      return undefined;
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return 'Java or Maven is missing';
      return `the peer cannot be built: ${String(error).split('\n')[0]}`;
    }
  }

  get #libraries(): string {
    return join(this.#folder, 'lib');
  }

  get #classes(): string {
    return join(this.#folder, 'classes');
  }

  #fetch(): void {
    const pom = join(this.#source, 'pom.xml');
    const kept = join(this.#folder, 'pom.xml');
    if (existsSync(kept) && readFileSync(kept, 'utf8') === readFileSync(pom, 'utf8')) return;
    rmSync(this.#folder, { recursive: true, force: true });
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${this.#libraries}`];
    execFileSync('mvn', ['-q', '-B', '-f', pom, ...goal], { stdio: 'pipe', timeout: 150_000 });
    copyFileSync(pom, kept);
  }
}
