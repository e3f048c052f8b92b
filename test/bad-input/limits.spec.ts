import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { DEFAULT_ASSEMBLY_SETTINGS, DEFAULT_ENDPOINT_SETTINGS, DEFAULT_STREAM_SETTINGS, MAX_OPTIONS } from '@drover/coap';
import { MAX_DEVICES } from '../../apps/server/src/gateway/wire.ts';
import { REGISTRY_LIMITS } from '../../apps/server/src/gateway/registry.ts';
import { DEFAULT_STREAM_LIMITS } from '../../apps/server/src/gateway/stream-listener.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'limits.md'), 'utf8');
const KIB = 1024;

/** The first number of the third cell of the row with this setting, in bytes, milliseconds or pieces. */
function documented(setting: string): number | undefined {
  const cell = new RegExp(`^\\|[^|]*\\|[^|]*\`${setting}\`[^|]*\\|([^|]*)\\|`, 'm').exec(PAGE)?.[1];
  const found = cell && /([\d,]+)(?: (KiB|MiB|s)\b)?/.exec(cell);
  if (!found) return undefined;
  const unit = { KiB: KIB, MiB: KIB * KIB, s: 1000 }[found[2] ?? ''] ?? 1;
  return Number(found[1]!.replaceAll(',', '')) * unit;
}

const { maxPeers: _peers, maxProven: _proven, maxRetransmit: _retransmit, maxRtoMs: _rto, ...endpoint } = DEFAULT_ENDPOINT_SETTINGS;
const limitsOf = (settings: object, names?: readonly string[]): [string, number][] =>
  Object.entries(settings as Record<string, number>).filter(([name]) => names?.includes(name) ?? name.startsWith('max'));

it.each([
  ...limitsOf(endpoint),
  ...limitsOf(DEFAULT_STREAM_SETTINGS, ['maxConnections', 'maxMessageBytes', 'maxBufferedBytes', 'maxOpenPerPeer', 'greetingTimeoutMs']),
  ...limitsOf(DEFAULT_STREAM_LIMITS, ['maxPerAddress', 'maxUnsentBytes']),
  ...limitsOf(DEFAULT_ASSEMBLY_SETTINGS, ['maxPendingPerPeer', 'expiryMs']),
  ...limitsOf(REGISTRY_LIMITS, ['registrations', 'perAddress', 'listBytes']),
  ['MAX_OPTIONS', MAX_OPTIONS],
  ['maxPeers', MAX_DEVICES],
  ['maxProven', MAX_DEVICES],
] as [string, number][])('docs/limits.md has %s as it is: %d', (setting, value) => {
  expect(documented(setting)).toBe(value);
});
