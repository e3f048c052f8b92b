import { generateKeyPairSync } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { ArtifactError } from '../trust/errors.ts';
import { describePublicKey, printPublicKey, type PrivateKey, type PublicKey, type SigningAlgorithm } from '../trust/keys.ts';
import { onDisk, systemCode } from './disk.ts';

export function generateSigningKey(algorithm: SigningAlgorithm = 'EdDSA'): PrivateKey {
  const { privateKey, publicKey } =
    algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { key: privateKey, publicKey: describePublicKey(publicKey) };
}

export interface KeyPaths {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes a key pair and writes it as PEM, the private key for its owner's eyes only. A key that is there is never overwritten. */
export async function writeKeyPair(paths: KeyPaths, algorithm?: SigningAlgorithm): Promise<PublicKey> {
  const { key, publicKey } = generateSigningKey(algorithm);
  await writeNew(paths.privateKey, key.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  try {
    await writeNew(paths.publicKey, printPublicKey(publicKey), 0o644);
  } catch (error) {
    await rm(paths.privateKey, { force: true }); // Ours, seconds old: without its public half it would only stand in the way.
    throw error;
  }
  return publicKey;
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await onDisk(async () => {
    const file = await open(path, 'wx', mode).catch((error: unknown) => {
      throw systemCode(error) === 'EEXIST' ? new ArtifactError('KEY_EXISTS', `${path} exists and is not overwritten`) : error;
    });
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}
