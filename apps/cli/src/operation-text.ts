import type { LinkView, OperationView, ValueView } from '@drover/contracts';
import { table, visible } from './output.ts';

/** What an operation came to, for people. */
export function operationText({ operation, path, answer }: OperationView): string {
  if (!answer) return '';
  if (answer.links) return answer.links.length === 0 ? 'nothing there' : linksText(answer.links);
  if (answer.values.length > 0) return valuesText(answer.values);
  if (operation === 'create') return `created ${answer.created ?? 'an instance; the device does not say which'}`;
  const isQuestion = operation.startsWith('read') || operation.startsWith('observe');
  return isQuestion ? 'no values' : `${operation}${path === undefined ? '' : ` ${path}`}: done`;
}

/** In the order of their numbers, whatever order the device keeps. */
export function valuesText(values: readonly ValueView[]): string {
  return table(
    [...values].sort(byPath).map((each) => [each.path, each.name, shown(each), each.unit, noteOn(each)]),
    ['PATH', 'NAME', 'VALUE', 'UNIT', ''],
  );
}

function byPath(a: ValueView, b: ValueView): number {
  const [left, right] = [a, b].map(({ path }) => path.split('/').slice(1).map(Number)) as [number[], number[]];
  const index = left.findIndex((id, at) => id !== right[at]);
  return index < 0 ? left.length - right.length : (left[index] ?? 0) - (right[index] ?? -1);
}

function shown({ value, type }: ValueView): string {
  if (type === 'Time' && typeof value === 'number') return isoOfSeconds(value) ?? String(value);
  return String(value);
}

function noteOn({ outOfRange, time, type }: ValueView): string {
  const notes = [
    outOfRange ? 'out of range' : '',
    time === undefined ? '' : `at ${isoOfSeconds(time) ?? time}`,
    type === 'Opaque' ? 'base64' : '',
  ];
  return notes.filter((note) => note !== '').join(', ');
}

/** Undefined for a time that no calendar has: devices send anything. */
function isoOfSeconds(seconds: number): string | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('.000Z', 'Z');
}

function linksText(links: readonly LinkView[]): string {
  return table(
    links.map(({ path, name, attributes, dim, version, ignored }) => {
      const all = [
        ...(version === undefined ? [] : [`ver=${version}`]),
        ...(dim === undefined ? [] : [`dim=${dim}`]),
        ...Object.entries(attributes).map(([key, value]) => `${key}=${value}`),
        ...ignored.map((key) => `${key}=?`),
      ];
      return [path, name, all.join(' ')];
    }),
    ['PATH', 'NAME', 'ATTRIBUTES'],
  );
}

/** Why it waits, since when and until when. */
export function waitText({ wait, state }: OperationView): string {
  if (!wait) return state === 'sent' ? 'sent, no answer yet' : '';
  const next = wait.nextAt === undefined ? '' : `, next contact expected ${wait.nextAt}`;
  return visible(
    `waiting since ${wait.since} until ${wait.until}: ${wait.code}: ${wait.evidence}${wait.evidence.includes('next expected') ? '' : next}`,
  );
}
