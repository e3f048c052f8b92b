import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DroverError } from '@drover/kernel';

export interface ServerSecrets {
  /** Signs tree heads and evidence, PEM. */
  readonly auditKey: string;
  readonly auditPublicKey: string;
  /** Derives pull tokens. */
  readonly pull: Uint8Array;
}

/** Keys live beside the data, readable by their owner alone, and are made once. */
export function loadSecrets(data: string): ServerSecrets {
  const folder = join(data, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const auditFile = join(folder, 'audit-ed25519.pem');
  if (!existsSync(auditFile)) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    write(auditFile, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    writeFileSync(join(folder, 'audit-ed25519.pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }).toString());
  }
  const pullFile = join(folder, 'pull.key');
  if (!existsSync(pullFile)) write(pullFile, randomBytes(32).toString('base64'));
  const pull = Buffer.from(readFileSync(pullFile, 'utf8'), 'base64');
  if (pull.length !== 32) throw new DroverError('KEY_INVALID', 'input', `${pullFile} does not hold a key of 32 bytes`);
  return { auditKey: readFileSync(auditFile, 'utf8'), auditPublicKey: readFileSync(join(folder, 'audit-ed25519.pub.pem'), 'utf8'), pull };
}

function write(file: string, content: string): void {
  writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
}
