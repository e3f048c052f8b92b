import type { Command } from 'commander';
import { DroverError, durationOf } from '@drover/kernel';
import type { TimelineEntry, TraceView } from '@drover/contracts';
import { action, type Context } from '../context.ts';
import { mergeTimelines, timelineText, traceNote } from '../timeline.ts';

interface Options {
  readonly limit: string;
  readonly datagrams?: boolean;
  readonly trace?: string;
}

export function timelineCommand(device: Command): void {
  device
    .command('timeline')
    .description('what happened to a device, down to single datagrams of one that is traced')
    .argument('<device>')
    .option('--limit <count>', 'newest entries', '50')
    .option('--trace <duration>', 'record its datagrams for so long, e.g. 30m, at most 24h; "off" ends it and forgets them')
    .option('--datagrams', 'show what was recorded among the rest')
    .action(action((context, name: string, options: Options) => timeline(context, encodeURIComponent(name), options)));
}

async function timeline(context: Context, device: string, { limit, datagrams = false, trace }: Options): Promise<void> {
  if (trace !== undefined && datagrams) throw new DroverError('USAGE', 'input', '--trace switches, --datagrams shows: one at a time');
  if (trace !== undefined) return setTrace(context, device, trace);
  const { api, out } = context;
  const noted = await api.get<TimelineEntry[]>(`devices/${device}/timeline`, { limit });
  if (!datagrams) {
    out.say(timelineText(noted));
    return out.result(noted);
  }
  const seen = await api.get<TraceView>(`devices/${device}/trace`);
  const merged = mergeTimelines(noted, seen);
  out.say(timelineText(merged));
  out.progress(traceNote(seen));
  out.result(merged);
}

async function setTrace({ api, out }: Context, device: string, trace: string): Promise<void> {
  if (trace === 'off') {
    const stopped = await api.post(`devices/${device}/trace/stop`);
    out.say('its datagrams are not recorded any more');
    return out.result(stopped);
  }
  const started = await api.post<{ until: string }>(`devices/${device}/trace`, { seconds: Math.ceil(durationOf(trace) / 1000) });
  out.say(`its datagrams are recorded until ${started.until}; --datagrams shows them`);
  out.result(started);
}
