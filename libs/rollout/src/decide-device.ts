import { isoOf, HOUR, plus, type Instant } from '@drover/kernel';
import { textFact, type Device } from '@drover/fleet';
import type { CampaignLife, CampaignSpec } from '@drover/campaign';
import {
  admitDownload,
  admitInstall,
  nextContact,
  type ContactPattern,
  type Ledger,
  type TransferCost,
  type WaitReason,
} from '@drover/schedule';
import { isSettled, type DeviceUpdate } from './device-update.ts';
import { limitsOf } from './limits.ts';
import { isPastDeadline, type StageStatus } from './reconcile.ts';

/** A person's stop, over a campaign, a firmware, or the fleet. Outranks everything. */
export interface HoldNotice {
  readonly reason: string;
  readonly by: string;
  readonly since: Instant;
}

export interface DeviceView {
  readonly update: DeviceUpdate;
  readonly device: Device;
  readonly pattern: ContactPattern | undefined;
  /** Whether a request sent now would be heard. */
  readonly isReachable: boolean;
  readonly imageBytes: number;
  readonly life: CampaignLife;
  readonly spec: CampaignSpec;
  readonly stages: readonly StageStatus[];
  readonly hold: HoldNotice | undefined;
  /** Why the trust rules keep the image from this device now, or undefined. */
  readonly trustRefusal: string | undefined;
  /** Another campaign that has this device in its hands. */
  readonly inFlightElsewhere: string | undefined;
  readonly ledger: Ledger;
}

export type DeviceDecision =
  | {
      readonly type: 'offer';
      readonly cost: TransferCost;
      readonly carrier: string;
      readonly budget: number;
      readonly notAfter: Instant | undefined;
      readonly canResume: boolean;
    }
  | { readonly type: 'execute'; readonly notAfter: Instant | undefined }
  | { readonly type: 'cancel'; readonly why: string }
  | { readonly type: 'wait'; readonly reason: WaitReason }
  | { readonly type: 'skip'; readonly reason: WaitReason }
  | { readonly type: 'nothing' };

/** What to do about one device now: the single place where every rule of a campaign meets one meter. */
export function decideDevice(view: DeviceView, now: Instant): DeviceDecision {
  const { update, life } = view;
  if (isSettled(update) || update.state === 'cancelling') return { type: 'nothing' };
  if (life.phase === 'aborting') return { type: 'cancel', why: 'the campaign was aborted' };
  switch (update.state) {
    case 'pending':
    case 'waiting':
      return decideOffer(view, now);
    case 'unreachable':
      // Only a contact resolves it. Asking again on the strength of an old registration would keep the campaign from ending.
      return view.pattern !== undefined && view.pattern.lastAt >= update.since ? decideOffer(view, now) : { type: 'nothing' };
    case 'downloaded':
      return decideInstall(view, now);
    default:
      return { type: 'nothing' };
  }
}

function decideOffer(view: DeviceView, now: Instant): DeviceDecision {
  const { spec, update, device } = view;
  const stopped = campaignStop(view, now) ?? stageStop(view, now);
  if (stopped) return { type: 'wait', reason: stopped };
  if (view.trustRefusal !== undefined) return { type: 'skip', reason: { code: 'TRUST', evidence: view.trustRefusal, person: 'resume' } };
  const nextAt = nextContact(view.pattern, now);
  if (isPastDeadline(spec, now) && !mayFinish(view))
    return {
      type: 'skip',
      reason: update.reason ?? { code: 'ASLEEP', evidence: 'never reached before the deadline', nextAt },
    };
  if (view.inFlightElsewhere !== undefined)
    return { type: 'wait', reason: { code: 'OTHER_CAMPAIGN', evidence: `campaign ${view.inFlightElsewhere} updates this device`, nextAt } };
  if (!view.isReachable) return { type: 'wait', reason: asleep(view, nextAt) };
  const canResume = canResumeTransfer(view);
  const admission = admitDownload(
    {
      device,
      campaign: update.campaign,
      remainingBytes: Math.max(view.imageBytes - (canResume ? update.offset : 0), 1),
      blockSize: spec.delivery.blockSize.preferred,
      canResume,
      backoffUntil: update.backoffUntil,
      nextContactAt: nextAt,
    },
    limitsOf(spec),
    view.ledger,
    now,
  );
  if (admission.type !== 'admit') return admission;
  return {
    type: 'offer',
    cost: admission.cost,
    carrier: admission.carrier,
    budget: admission.budget,
    notAfter: admission.closesAt,
    canResume,
  };
}

/** `FinishInFlight` lets what was started before the deadline go on, its retries included. */
function mayFinish({ spec, update }: DeviceView): boolean {
  return update.attempt > 0 && (spec.schedule.deadline?.behavior ?? 'FinishInFlight') === 'FinishInFlight';
}

function decideInstall(view: DeviceView, now: Instant): DeviceDecision {
  // What may not be offered any more may not be installed either.
  if (view.trustRefusal !== undefined) return { type: 'cancel', why: view.trustRefusal };
  const stopped = campaignStop(view, now) ?? gateHold(view);
  if (stopped) return { type: 'wait', reason: stopped };
  const nextAt = nextContact(view.pattern, now);
  if (view.update.backoffUntil !== undefined && view.update.backoffUntil > now) {
    return { type: 'wait', reason: { code: 'DEVICE_DEFERS', evidence: 'the device asked to wait', nextAt: view.update.backoffUntil } };
  }
  const admission = admitInstall(view.device, limitsOf(view.spec), nextAt, now);
  if (admission.type === 'wait') return admission;
  if (!view.isReachable) return { type: 'wait', reason: asleep(view, nextAt) };
  return { type: 'execute', notAfter: admission.closesAt };
}

function asleep({ pattern }: DeviceView, nextAt: Instant): WaitReason {
  return { code: 'ASLEEP', evidence: pattern ? `last contact ${isoOf(pattern.lastAt)}` : 'no contact yet', nextAt };
}

export function holdReason({ by, reason }: HoldNotice): WaitReason {
  return { code: 'HOLD', evidence: `${by}: ${reason}`, person: 'lift-hold' };
}

/** What stops the campaign as a whole: offers and Execute alike. */
function campaignStop({ hold, life, spec }: DeviceView, now: Instant): WaitReason | undefined {
  if (hold) return holdReason(hold);
  switch (life.phase) {
    case 'paused':
      return { code: 'CAMPAIGN_PAUSED', evidence: 'the campaign is paused', person: 'resume' };
    case 'awaiting-approval':
    case 'denied':
      return {
        code: 'APPROVAL',
        evidence: life.phase === 'denied' ? 'the plan was denied' : 'the plan awaits approval',
        person: 'approve',
      };
    case 'scheduled':
      return { code: 'NOT_BEFORE', evidence: 'the campaign has not started', nextAt: spec.schedule.notBefore ?? now };
    default:
      return undefined;
  }
}

/** A gate's hold stops new offers and Execute in the whole campaign: what it found may lie in the image. */
function gateHold({ stages, spec }: DeviceView): WaitReason | undefined {
  const index = stages.findIndex(({ state }) => state === 'held');
  return index < 0
    ? undefined
    : {
        code: 'STAGE_GATE',
        evidence: `stage ${spec.stages[index]?.name ?? index} is held: ${stages[index]?.why ?? ''}`,
        person: 'promote',
      };
}

function stageStop(view: DeviceView, now: Instant): WaitReason | undefined {
  const held = gateHold(view);
  if (held) return held;
  const own = view.stages[view.update.stage];
  if (own && own.state !== 'closed') return undefined;
  const index = view.stages.findIndex(({ state }) => state !== 'passed');
  const current = view.stages[index];
  const name = view.spec.stages[index]?.name ?? '';
  if (current?.state === 'awaiting-promotion')
    return { code: 'PROMOTION', evidence: `stage ${name} has passed and awaits promotion`, person: 'promote' };
  if (current?.state === 'soaking') return { code: 'STAGE_GATE', evidence: `stage ${name} soaks`, nextAt: current.soaksUntil ?? now };
  const estimate = plus(current?.openedAt ?? now, 24 * HOUR + (view.spec.stages[index]?.soak ?? 0));
  return { code: 'STAGE_GATE', evidence: `stage ${name} has not passed its gate`, nextAt: estimate > now ? estimate : plus(now, HOUR) };
}

/** A push cannot go on after a pause; a pull can, until the device shows otherwise. */
function canResumeTransfer({ update, device, spec }: DeviceView): boolean {
  const method = update.method ?? (spec.delivery.method === 'Auto' ? undefined : spec.delivery.method);
  return method === undefined ? textFact(device, 'update.delivery') !== 'Push' : method === 'Pull';
}
