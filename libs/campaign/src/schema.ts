import { nearest } from '@drover/kernel';

/** Where in a document: member names and list positions from the root. */
export type FaultPath = readonly (string | number)[];

export interface Fault {
  readonly code: FaultCode;
  readonly path: FaultPath;
  readonly message: string;
}

export type FaultCode =
  | 'FIELD_UNKNOWN'
  | 'FIELD_MISSING'
  | 'FIELD_NOT_SUPPORTED_YET'
  | 'VALUE_NOT_SUPPORTED_YET'
  | 'TYPE_WRONG'
  | 'VALUE_INVALID'
  | 'WHERE_INVALID'
  | 'KIND_UNKNOWN'
  | 'KIND_NOT_SUPPORTED_YET'
  | 'API_VERSION_UNKNOWN';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Reads one value of a document; on trouble it reports every fault it finds and returns undefined. */
export interface Schema<T> {
  readonly read: (value: unknown, path: FaultPath, faults: Fault[]) => T | undefined;
  readonly json: JsonSchema;
}

export type Read<S> = S extends Schema<infer T> ? T : never;

/** A leaf written as one value: `parse` throws with a sentence when it is not one. */
export function leaf<T>(json: JsonSchema, parse: (value: unknown) => T): Schema<T> {
  return {
    json,
    read: (value, path, faults) => {
      try {
        return parse(value);
      } catch (error) {
        const code = error instanceof Misread ? error.code : 'VALUE_INVALID';
        faults.push({ code, path, message: error instanceof Error ? error.message : String(error) });
        return undefined;
      }
    },
  };
}

/** What a leaf throws to choose the fault's code. */
export class Misread extends TypeError {
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'a mapping'
      : `the ${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}

interface Field<T> {
  readonly schema: Schema<T>;
  readonly required: boolean;
  readonly fallback: (() => T) | undefined;
}

export function required<T>(schema: Schema<T>): Field<T> {
  return { schema, required: true, fallback: undefined };
}

export function optional<T>(schema: Schema<T>): Field<T | undefined> {
  return { schema, required: false, fallback: undefined };
}

/** A field that reads as `fallback` when the document leaves it out. */
export function withDefault<T>(schema: Schema<T>, fallback: T): Field<T> {
  return { schema, required: false, fallback: () => fallback };
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type ReadFields<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/**
 * A mapping with known fields. `later` names the fields of the language that are not built yet: they are refused by
 * name, never ignored, because an ignored limit is a limit the operator believes in.
 */
export function mapping<F extends Fields>(fields: F, later: readonly string[] = []): Schema<ReadFields<F>> {
  const names = Object.keys(fields);
  return {
    json: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(names.map((name) => [name, fields[name]?.schema.json])),
      ...(names.some((name) => fields[name]?.required) ? { required: names.filter((name) => fields[name]?.required) } : {}),
    },
    read: (value, path, faults) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        faults.push({ code: 'TYPE_WRONG', path, message: `expected a mapping, got ${typeName(value)}` });
        return undefined;
      }
      reportStrangers(value, names, later, { path, faults });
      return readFields(fields, value as Record<string, unknown>, path, faults);
    },
  };
}

function reportStrangers(
  value: object,
  names: readonly string[],
  later: readonly string[],
  { path, faults }: { path: FaultPath; faults: Fault[] },
): void {
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue;
    if (later.includes(name)) {
      faults.push({ code: 'FIELD_NOT_SUPPORTED_YET', path: [...path, name], message: `"${name}" is not supported yet` });
      continue;
    }
    const guess = nearest(name, [...names, ...later]);
    faults.push({
      code: 'FIELD_UNKNOWN',
      path: [...path, name],
      message: `unknown field "${name.slice(0, 80)}"${guess ? `; did you mean "${guess}"?` : ''}`,
    });
  }
}

function readFields<F extends Fields>(
  fields: F,
  value: Record<string, unknown>,
  path: FaultPath,
  faults: Fault[],
): ReadFields<F> | undefined {
  const before = faults.length;
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const present = Object.hasOwn(value, name) && value[name] !== undefined && value[name] !== null;
    if (present) result[name] = field.schema.read(value[name], [...path, name], faults);
    else if (field.required) faults.push({ code: 'FIELD_MISSING', path, message: `"${name}" is missing` });
    else if (field.fallback) result[name] = field.fallback();
  }
  return faults.length === before ? (result as ReadFields<F>) : undefined;
}

export function list<T>(item: Schema<T>, { min = 0, max = 10_000 } = {}): Schema<readonly T[]> {
  return {
    json: { type: 'array', items: item.json, ...(min > 0 ? { minItems: min } : {}), maxItems: max },
    read: (value, path, faults) => {
      if (!Array.isArray(value)) {
        faults.push({ code: 'TYPE_WRONG', path, message: `expected a list, got ${typeName(value)}` });
        return undefined;
      }
      if (value.length < min || value.length > max) {
        faults.push({ code: 'VALUE_INVALID', path, message: `expected ${min} to ${max} entries, got ${value.length}` });
        return undefined;
      }
      const before = faults.length;
      const items = value.map((entry, index) => item.read(entry, [...path, index], faults));
      return faults.length === before ? (items as T[]) : undefined;
    },
  };
}

/** A mapping from free keys to values of one kind, e.g. labels. */
export function record<T>(item: Schema<T>, { max = 200 } = {}): Schema<Readonly<Record<string, T>>> {
  return {
    json: { type: 'object', additionalProperties: item.json, maxProperties: max },
    read: (value, path, faults) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        faults.push({ code: 'TYPE_WRONG', path, message: `expected a mapping, got ${typeName(value)}` });
        return undefined;
      }
      const entries = Object.entries(value);
      if (entries.length > max) {
        faults.push({ code: 'VALUE_INVALID', path, message: `at most ${max} entries, got ${entries.length}` });
        return undefined;
      }
      const before = faults.length;
      const read = entries.map(([key, entry]) => [key, item.read(entry, [...path, key], faults)] as const);
      return faults.length === before ? (Object.fromEntries(read) as Record<string, T>) : undefined;
    },
  };
}
