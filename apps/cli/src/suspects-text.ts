import type { AttemptView, SuspectView } from '@drover/contracts';
import { csv } from './csv.ts';
import { table } from './output.ts';

const HEADER = [
  'endpoint',
  'site',
  'labels',
  'campaign',
  'what',
  'since',
  'last contact',
  'heard since',
  'rsrp dBm',
  'snr dB',
  'coverage level',
  'cell',
  'signal at',
  'battery %',
  'battery status',
  'battery at',
  'offset',
  'size',
  'version before',
  'attempts',
] as const;

/** For a truck roll: one line per device, everything about it in one place. */
export function suspectsCsv(suspects: readonly SuspectView[]): string {
  return csv(HEADER, suspects.map(suspectCells));
}

function suspectCells(suspect: SuspectView): (string | number | undefined)[] {
  const sign = (name: string) => suspect.signs[name];
  const value = (name: string): string | number | undefined => {
    const known = sign(name)?.value;
    return typeof known === 'boolean' ? String(known) : known;
  };
  return [
    suspect.endpoint,
    suspect.site,
    Object.entries(suspect.labels)
      .map(([key, label]) => `${key}=${label}`)
      .join('; '),
    suspect.campaign,
    suspect.what,
    suspect.since,
    suspect.lastContactAt,
    suspect.heardSince ? 'yes' : 'no',
    value('radio.rsrp'),
    value('radio.snr'),
    value('radio.ce'),
    value('radio.cell'),
    sign('radio.rsrp')?.at ?? sign('radio.ce')?.at,
    value('battery.level'),
    value('battery.status'),
    sign('battery.level')?.at,
    suspect.offset,
    suspect.size,
    suspect.versionBefore,
    suspect.attempts.map(attemptCell).join(' | '),
  ];
}

function attemptCell({ attempt, at, outcome, bytes, why }: AttemptView): string {
  return `${attempt} ${at} ${outcome} ${bytes} bytes: ${why}`;
}

/** For a terminal: what decides whether somebody has to go. */
export function suspectsText(suspects: readonly SuspectView[]): string {
  if (suspects.length === 0) return 'no suspects';
  const rows = suspects.map(({ endpoint, site, campaign, what, since, lastContactAt, signs, offset, size, attempts }) => [
    endpoint,
    site,
    campaign,
    what,
    since,
    lastContactAt ?? 'never',
    signalText(signs),
    signs['battery.level'] === undefined ? '' : `${String(signs['battery.level'].value)}%`,
    `${offset} of ${size}`,
    attempts.at(-1)?.why,
  ]);
  return table(rows, ['ENDPOINT', 'SITE', 'CAMPAIGN', 'WHAT', 'SINCE', 'LAST CONTACT', 'SIGNAL', 'BATTERY', 'LAST BYTE', 'LAST ATTEMPT']);
}

function signalText(signs: SuspectView['signs']): string {
  const part = (name: string, unit: string): string[] => (signs[name] === undefined ? [] : [`${String(signs[name].value)}${unit}`]);
  const level = signs['radio.ce'];
  return [...part('radio.rsrp', ' dBm'), ...part('radio.snr', ' dB'), ...(level ? [`CE${String(level.value)}`] : [])].join(' ');
}
