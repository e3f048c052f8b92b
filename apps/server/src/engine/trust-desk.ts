import { DroverError, type Digest, type Instant, type Json } from '@drover/kernel';
import { CampaignError, type CampaignDocument, type CampaignSpec } from '@drover/campaign';
import {
  ArtifactError,
  parseReleasePolicy,
  verifyAtUpload,
  verifyForPlan,
  type ImageDigest,
  type PlannableFirmware,
  type Refusal,
  type ReleasePolicy,
  type VerifiedFirmware,
} from '@drover/firmware-store';
import type { CampaignRecord, DeviceRecord, DocumentRecord, FirmwareRecord } from '@drover/persistence';
import type { Papers } from '../link/messages.ts';
import { runningVersion, trustTarget } from './component-versions.ts';
import type { EngineState, LiveCampaign } from './engine-state.ts';

/** Asks the trust library at each door, with the envelope and never with what a row says about it. */
export class TrustDesk {
  readonly #state: EngineState;

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** The namespace's release policy: the only one, or the one called `default`. No policy, no firmware. */
  policyOf(namespace: string): { readonly policy: ReleasePolicy; readonly digest: Digest } {
    const row = this.#policyRow(namespace);
    return { policy: parseReleasePolicy(policyJson(row)), digest: row.digest };
  }

  #policyRow(namespace: string): DocumentRecord {
    let [count, chosen]: [number, DocumentRecord | undefined] = [0, undefined];
    for (const document of this.#state.documents.values()) {
      if (document.kind !== 'ReleasePolicy' || document.namespace !== namespace) continue;
      count += 1;
      if (chosen === undefined || document.name === 'default') chosen = document;
    }
    if (!chosen || (count > 1 && chosen.name !== 'default')) {
      const why = count === 0 ? 'no ReleasePolicy has been applied' : 'there are several and none is called "default"';
      throw new CampaignError('POLICY_NOT_FOUND', `firmware cannot be trusted: ${why}`);
    }
    return chosen;
  }

  verifyUpload(namespace: string, envelope: Uint8Array, image: { digest: Digest; size: number }, now: Instant): VerifiedFirmware {
    return verifyAtUpload({ envelope, image }, { policy: this.policyOf(namespace).policy, withdrawn: this.#state.withdrawnDigests() }, now);
  }

  /** `image` is measured over the stored bytes where there is time to; between decisions the row's word stands in, for the last door measures again. */
  verifyPlan(record: FirmwareRecord, now: Instant, image: ImageDigest = record): PlannableFirmware {
    const trust = { policy: this.policyOf(record.namespace).policy, withdrawn: this.#state.withdrawnDigests() };
    return verifyForPlan({ envelope: Buffer.from(record.envelope, 'base64'), image }, trust, now);
  }

  /** Why this campaign's image may not go to this device now, or undefined. Asked at each decision. */
  refusalFor({ record: campaign, document }: LiveCampaign, device: DeviceRecord, now: Instant): string | undefined {
    const { firmware } = campaign.plan;
    const record = this.#state.firmwareOf(campaign.namespace, firmware.name, firmware.version);
    if (!record) return 'ARTIFACT_NOT_FOUND: the image is not in the store';
    try {
      // The plan froze a digest; a row that names another image now is not what was approved.
      if (record.digest !== firmware.digest) return `ARTIFACT_ALTERED: the plan names ${firmware.digest}, the store has ${record.digest}`;
      const refusal = refusalOf(this.#verified(record, now), document.spec, device);
      return refusal && `${refusal.code}: ${refusal.message}`;
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      return `${error.code}: ${error.message}`;
    }
  }

  /** Whether the policy lets devices of this campaign go back to that version; thrown with its reason where it does not. */
  requireStepBack({ metadata, spec: { firmware } }: CampaignDocument, to: string, now: Instant): void {
    const record = this.#state.firmwareOf(metadata.namespace, firmware.name, to);
    if (!record) throw notFound(firmware.name, to);
    const plannable = this.verifyPlan(record, now);
    const refusal = plannable.refusalFor({ model: plannable.firmware.models[0], version: firmware.version });
    if (refusal?.code === 'ARTIFACT_ROLLBACK') throw new ArtifactError(refusal.code, `${firmware.name}: ${refusal.message}`);
  }

  papersFor(campaign: CampaignRecord): Papers | undefined {
    const { firmware } = campaign.plan;
    const record = this.#state.firmwareOf(campaign.namespace, firmware.name, firmware.version);
    return record && { envelope: record.envelope, policy: JSON.stringify(policyJson(this.#policyRow(campaign.namespace))) };
  }

  /** Signatures are checked anew whenever envelope, policy or withdrawals change, and at least every campaign minute. */
  readonly #recent = new WeakMap<
    FirmwareRecord,
    { readonly policy: DocumentRecord; readonly until: Instant; readonly plannable: PlannableFirmware }
  >();

  /** A record and a document that change are other objects: nothing of what was verified is in another one's place. */
  #verified(record: FirmwareRecord, now: Instant): PlannableFirmware {
    const policy = this.#policyRow(record.namespace);
    const known = this.#recent.get(record);
    if (known && known.policy === policy && known.until > now) return known.plannable;
    const plannable = this.verifyPlan(record, now);
    this.#recent.set(record, { policy, until: (now + 60_000) as Instant, plannable });
    return plannable;
  }
}

function policyJson({ name, source }: DocumentRecord): Json {
  return { name, ...(source as { spec: Record<string, Json> }).spec };
}

/** Rules that compare with what runs. */
const BY_VERSION: readonly string[] = ['ARTIFACT_ROLLBACK', 'ARTIFACT_WRONG_SOURCE'];

/** What nobody has looked at yet breaks no rule of versions: it is read before the offer, and these rules are asked again then. */
export function refusalOf(plannable: PlannableFirmware, spec: CampaignSpec, device: DeviceRecord): Refusal | undefined {
  const refusal = plannable.refusalFor(trustTarget(spec, device));
  const isUnread = refusal !== undefined && runningVersion(spec, device).type === 'unread';
  return isUnread && BY_VERSION.includes(refusal.code) ? undefined : refusal;
}

export function notFound(name: string, version: string): ArtifactError {
  return new ArtifactError('ARTIFACT_NOT_FOUND', `no firmware ${name} ${version} has been pushed`);
}
