import { EVIDENCE, type Evidence, type FigureNote } from '@drover/schedule';
import { decimal, oneOf, text } from './leaves.ts';
import { mapping, optional, required, type Schema } from './schema.ts';

/** A figure of a model as it is written: its unit is in its name, and nobody may leave out where it comes from. */
export interface Figure {
  readonly value: number;
  readonly evidence: Evidence;
  readonly source: string;
}

export function figure({ unit, meaning, min, max }: FigureNote): Schema<Figure> {
  const { json, read } = mapping({
    value: required(decimal({ min, max })),
    evidence: required(oneOf(EVIDENCE)),
    source: required(text({ max: 500 })),
  });
  return { json: { description: `${meaning}, ${unit}; ${min} to ${max}`, ...json }, read };
}

/** All figures of a table, each of which may be left out. */
export function figures<K extends string>(notes: Readonly<Record<K, FigureNote>>) {
  const fields = Object.fromEntries(Object.entries<FigureNote>(notes).map(([name, note]) => [name, optional(figure(note))]));
  return fields as Record<K, ReturnType<typeof optional<Figure>>>;
}

/** The same, of which none may be left out. */
export function allFigures<K extends string>(notes: Readonly<Record<K, FigureNote>>) {
  const fields = Object.fromEntries(Object.entries<FigureNote>(notes).map(([name, note]) => [name, required(figure(note))]));
  return fields as Record<K, ReturnType<typeof required<Figure>>>;
}

/** Values of what is written, over what counts without it. */
export function over<T extends object>(base: T, written: { readonly [K in keyof T]?: Figure | undefined } | undefined): T {
  if (!written) return base;
  const values = Object.keys(base).flatMap((name) => {
    const told = written[name as keyof T];
    return told === undefined ? [] : [[name, told.value] as const];
  });
  return { ...base, ...Object.fromEntries(values) };
}
