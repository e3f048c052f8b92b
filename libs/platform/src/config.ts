import { DroverError } from '@drover/kernel';

/** One setting: its option and environment name follow from its key (`httpPort` → `--http-port`, `DROVER_HTTP_PORT`). */
export interface Setting<T> {
  readonly fallback: T;
  readonly meaning: string;
  readonly read: (text: string) => T;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

export const optionOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
export const variableOf = (key: string): string => `DROVER_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** Reads options, then environment, then defaults. All faults are reported together, as `CONFIG_INVALID`. */
export function readConfig<S extends Settings>(
  settings: S,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigOf<S> {
  const faults: string[] = [];
  const given = optionsIn(args, settings, faults);
  const config: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const text = given.get(key) ?? env[variableOf(key)];
    try {
      config[key] = text === undefined ? setting.fallback : setting.read(text);
    } catch (error) {
      faults.push(`${optionOf(key)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (faults.length > 0) throw new DroverError('CONFIG_INVALID', 'input', faults.join('\n'));
  return config as ConfigOf<S>;
}

function optionsIn(args: readonly string[], settings: Settings, faults: string[]): Map<string, string> {
  const keys = new Map(Object.keys(settings).map((key) => [optionOf(key), key]));
  const given = new Map<string, string>();
  for (let index = 0; index < args.length; index++) {
    const [option = '', inline] = (args[index] ?? '').split(/=(.*)/s);
    const key = keys.get(option);
    if (key === undefined) {
      faults.push(`unknown option ${option}; there are ${[...keys.keys()].join(', ')}`);
      continue;
    }
    const value = inline ?? args[++index];
    if (value === undefined) faults.push(`${option} needs a value`);
    else given.set(key, value);
  }
  return given;
}

export function text(fallback: string, meaning: string): Setting<string> {
  return { fallback, meaning, read: (value) => value };
}

export function port(fallback: number, meaning: string): Setting<number> {
  return number(fallback, meaning, { min: 0, max: 65_535, whole: true });
}

export function number(
  fallback: number,
  meaning: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): Setting<number> {
  return {
    fallback,
    meaning,
    read: (value) => {
      const read = Number(value);
      if (value.trim() === '' || !Number.isFinite(read) || read < min || read > max || (whole && !Number.isInteger(read)))
        throw new TypeError(`expected ${min} to ${max}, got "${value}"`);
      return read;
    },
  };
}

export function oneOf<const T extends string>(words: readonly T[], fallback: T, meaning: string): Setting<T> {
  return {
    fallback,
    meaning,
    read: (value) => {
      if (!(words as readonly string[]).includes(value)) throw new TypeError(`expected one of ${words.join(', ')}, got "${value}"`);
      return value as T;
    },
  };
}
