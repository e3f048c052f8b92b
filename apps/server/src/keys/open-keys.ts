import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEFAULT_NAMESPACE } from '@drover/kernel';
import type { KeyService } from '@drover/credentials';
import type { DataKeyRecord } from '@drover/persistence';
import { SystemEntropy, type Logger } from '@drover/platform';
import type { AuditDraft } from '@drover/audit';
import { draft } from '../engine/audit-drafts.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import { DEFAULT_KEY_FILE, makeKeyFile, openKeyService, type KeySource } from './key-source.ts';
import { KeyShelf, rewrapped } from './key-shelf.ts';

export interface KeySetting {
  readonly data: string;
  readonly keyEncryptionKey: KeySource | undefined;
  /** What the data keys were wrapped by so far: they are wrapped anew. */
  readonly previousKeyEncryptionKey: KeySource | undefined;
}

export interface OpenedKeys {
  readonly shelf: KeyShelf;
  /** For the gateway, which opens it by itself. */
  readonly source: KeySource;
  /** As they are to be from now on. */
  readonly dataKeys: readonly DataKeyRecord[];
  /** Stores what is new of them, in one commit. */
  readonly store: (unit: UnitOfWork) => void;
}

/** Data keys, unwrapped. Throws when they are under another key than the one given: without them no device could come. */
export async function openKeys(setting: KeySetting, known: readonly DataKeyRecord[], log: Logger): Promise<OpenedKeys> {
  const source = setting.keyEncryptionKey ?? ownKeyFile(setting.data, { isFirst: known.length === 0, log });
  const service = await openKeyService(source);
  const moved = await takenOver(setting, known, service);
  const dataKeys = known.map((key) => ({ ...key, ...moved.find(({ id }) => id === key.id) }));
  const shelf = new KeyShelf(service, new SystemEntropy());
  await shelf.load(dataKeys);
  const made = await shelf.makeMissing();
  const store = (unit: UnitOfWork): void => {
    unit.changes.dataKeys.push(...dataKeys.filter(({ id }) => moved.some((each) => each.id === id)));
    if (moved.length > 0) unit.audit(movedDraft(known, service, unit));
    for (const key of made) unit.putDataKey(key);
  };
  return { shelf, source, dataKeys, store };
}

async function takenOver({ previousKeyEncryptionKey: previous }: KeySetting, known: readonly DataKeyRecord[], to: KeyService) {
  return previous === undefined ? [] : rewrapped(known, { from: await openKeyService(previous), to });
}

function movedDraft(known: readonly DataKeyRecord[], { keyName: to }: KeyService, { now }: UnitOfWork): AuditDraft {
  const from = [...new Set(known.map(({ under }) => under).filter((name) => name !== to))];
  return draft('data-keys-rewrapped', now, { namespace: DEFAULT_NAMESPACE }, { keys: known.map(({ id }) => id), from, to });
}

/** Only the first start makes one: later a missing file is a fault, and another key would open nothing. */
function ownKeyFile(data: string, { isFirst, log }: { isFirst: boolean; log: Logger }): KeySource {
  const folder = join(resolve(data), 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, DEFAULT_KEY_FILE);
  if (isFirst && makeKeyFile(file))
    log.warn(
      { file },
      'made a key-encryption key for device credentials: whoever has this file and the database has every device key; back it up apart from the database',
    );
  return `file:${file}`;
}
