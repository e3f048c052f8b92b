import type { TimelineEntry, TraceView } from '@drover/contracts';
import { table } from './output.ts';

/** Datagrams among what the engine has noted, in order of time; what a datagram led to comes behind it. */
export function mergeTimelines(noted: readonly TimelineEntry[], { entries }: Pick<TraceView, 'entries'>): TimelineEntry[] {
  const datagrams = entries.map(({ at, ...detail }): TimelineEntry => ({ at, kind: 'datagram', detail }));
  return [...datagrams, ...noted].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

export function timelineText(entries: readonly TimelineEntry[]): string {
  return table(entries.map(({ at, kind, detail }) => [at, kind, kind === 'datagram' ? datagramText(detail) : JSON.stringify(detail)]));
}

function datagramText(detail: unknown): string {
  const { direction, address, bytes, text } = detail as Omit<TraceView['entries'][number], 'at'>;
  return `${direction === 'in' ? '<-' : '->'} ${address} ${bytes} bytes: ${text}`;
}

/** What a trace does not show, so that nobody takes a gap for silence. */
export function traceNote({ until, isRunning, dropped, entries }: TraceView): string {
  const gone = dropped === 0 ? '' : `; ${dropped} older ones had to go`;
  return `${entries.length} datagrams${gone}; recorded ${isRunning ? 'until' : 'up to'} ${until}`;
}
