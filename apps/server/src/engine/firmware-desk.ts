import { DroverError, type Digest, type Namespace } from '@drover/kernel';
import { isTransferring } from '@drover/rollout';
import { ArtifactError, type ImageDigest } from '@drover/firmware-store';
import type { BlobStore } from '@drover/firmware-store/stores';
import type { FirmwareRecord } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import type { TrustDesk } from './trust-desk.ts';

/** The first door: an image is stored by its digest, and becomes firmware only when its envelope holds. */
export class FirmwareDesk {
  readonly #engine: Engine;
  readonly #trust: TrustDesk;
  readonly #stepper: DeviceStepper;
  readonly #blobs: BlobStore;

  constructor(parts: { engine: Engine; trust: TrustDesk; stepper: DeviceStepper; blobs: BlobStore }) {
    this.#engine = parts.engine;
    this.#trust = parts.trust;
    this.#stepper = parts.stepper;
    this.#blobs = parts.blobs;
  }

  async upload(image: AsyncIterable<Uint8Array>): Promise<ImageDigest> {
    const stored = await this.#blobs.put(image);
    if (stored.size > 0) return stored;
    await this.#blobs.delete(stored.digest);
    throw new DroverError('IMAGE_EMPTY', 'input', 'an image has at least one byte');
  }

  async push(namespace: Namespace, { envelope, digest }: { envelope: string; digest: Digest }, actor: Actor): Promise<FirmwareRecord> {
    if (!(await this.#blobs.has(digest))) throw new ArtifactError('ARTIFACT_NOT_FOUND', `no image ${digest} has been uploaded`);
    const reader = await this.#blobs.open(digest);
    const { size } = reader;
    await reader.close();
    try {
      return await this.#accept(namespace, { envelope, digest, size }, actor);
    } catch (error) {
      await this.#refused(namespace, digest, error, actor);
      throw error;
    }
  }

  #accept(
    namespace: Namespace,
    { envelope, digest, size }: { envelope: string; digest: Digest; size: number },
    actor: Actor,
  ): Promise<FirmwareRecord> {
    return this.#engine.change((unit) => {
      const manifest = this.#trust.verifyUpload(namespace, Buffer.from(envelope, 'base64'), { digest, size }, unit.now);
      const known = this.#engine.state.firmwareOf(namespace, manifest.name, manifest.version);
      if (known && known.digest !== digest)
        throw new DroverError(
          'FIRMWARE_EXISTS',
          'conflict',
          `${manifest.name} ${manifest.version} is already another image: ${known.digest}`,
        );
      const record: FirmwareRecord = {
        namespace,
        name: manifest.name,
        version: manifest.version,
        digest,
        size,
        envelope,
        pushedAt: known?.pushedAt ?? unit.now,
        pushedBy: known?.pushedBy ?? actor.id,
        withdrawnAt: known?.withdrawnAt,
        withdrawnReason: known?.withdrawnReason,
      };
      this.#engine.state.putFirmware(record);
      unit.changes.firmware.push(record);
      unit.audit(
        draft(
          'firmware-pushed',
          unit.now,
          { namespace, actor, result: 'success' },
          { name: record.name, version: record.version, digest, size, sequenceNumber: manifest.sequenceNumber },
        ),
      );
      return record;
    });
  }

  /** An image that nobody vouches for does not stay. */
  async #refused(namespace: Namespace, digest: Digest, error: unknown, actor: Actor): Promise<void> {
    const isUsed = [...this.#engine.state.firmware.values()].some((record) => record.digest === digest);
    if (!isUsed) await this.#blobs.delete(digest);
    const [code, message] = error instanceof DroverError ? [error.code, error.message] : ['UNKNOWN', String(error)];
    this.#engine.log.warn({ code, digest }, 'firmware refused');
    await this.#engine.change((unit) =>
      unit.audit(draft('firmware-refused', unit.now, { namespace, actor, result: 'failure' }, { digest, code, message })),
    );
  }

  /** Nothing of a withdrawn image is offered or served any more; transfers under way are cancelled by the protocol. */
  withdraw(
    namespace: Namespace,
    { name, version, reason }: { name: string; version: string; reason: string },
    actor: Actor,
  ): Promise<FirmwareRecord> {
    return this.#engine.change((unit) => {
      const known = this.#engine.state.firmwareOf(namespace, name, version);
      if (!known) throw new ArtifactError('ARTIFACT_NOT_FOUND', `no firmware ${name} ${version} has been pushed`);
      if (known.withdrawnAt !== undefined) return known;
      const record: FirmwareRecord = { ...known, withdrawnAt: unit.now, withdrawnReason: reason };
      this.#engine.state.putFirmware(record);
      unit.changes.firmware.push(record);
      unit.audit(draft('firmware-withdrawn', unit.now, { namespace, actor }, { name, version, digest: record.digest, reason }));
      unit.send({ type: 'withdrawn', digests: [...this.#engine.state.withdrawnDigests()] });
      for (const [key, campaign] of this.#engine.state.campaigns) {
        if (campaign.record.plan.firmware.digest !== record.digest) continue;
        for (const update of campaign.updates.inFlight()) {
          if (isTransferring(update) || update.state === 'downloaded')
            this.#stepper.cancel({ key, campaign, update }, `ARTIFACT_WITHDRAWN: ${reason}`, unit);
        }
        campaign.reviewSoon();
      }
      return record;
    });
  }

  list(namespace: Namespace): FirmwareRecord[] {
    return [...this.#engine.state.firmware.values()].filter((record) => record.namespace === namespace);
  }
}
