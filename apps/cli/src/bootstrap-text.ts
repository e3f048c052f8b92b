import type { BootstrapView } from '@drover/contracts';
import { table } from './output.ts';

/** One line for each device. */
export function bootstrapsText(views: readonly BootstrapView[]): string {
  if (views.length === 0) return 'no devices';
  const rows = views.map(({ endpoint, state, at, template, accounts, failure, wish }) => [
    endpoint,
    state,
    at,
    template?.name,
    accounts.map(({ key }) => key ?? '-').join(' '),
    failure ? `${failure.at}: ${failure.why}` : (wish?.waits ?? ''),
  ]);
  return table(rows, ['ENDPOINT', 'STATE', 'SINCE', 'TEMPLATE', 'KEY', 'WHY, OR WAITS FOR']);
}

/** All that is known of one. */
export function bootstrapText({ endpoint, state, at, sessions, by, via, template, accounts, failure, wish }: BootstrapView): string {
  const came =
    via === undefined
      ? ''
      : `, ${sessions} sessions, the last ${via === 'pack' ? 'by /bspack' : 'by /bs'}${by === undefined ? ' without security' : ` as ${by}`}`;
  const lines = [`${endpoint}: ${state} since ${at}${came}`];
  if (template) lines.push(`template ${template.name}, generation ${template.generation}, ${template.digest}`);
  for (const { uri, shortServerId, mode, identity, fingerprint, key } of accounts) {
    const own =
      identity === undefined
        ? ''
        : `, identity ${identity}${fingerprint === undefined ? '' : `, fingerprint ${fingerprint}`}: ${keyText(key)}`;
    lines.push(`account ${shortServerId} ${uri} ${mode}${own}`);
  }
  if (failure) lines.push(`failed at ${failure.at}: ${failure.why}`);
  if (wish) lines.push(`wanted by ${wish.by} since ${wish.at} (${wish.reason}): ${wish.text}`);
  return lines.join('\n');
}

function keyText(key: string | undefined): string {
  if (key === 'next') return 'the device has not connected with it yet';
  if (key === 'active') return 'the device has connected with it';
  return key === 'revoked' ? 'revoked' : 'not known any more';
}
