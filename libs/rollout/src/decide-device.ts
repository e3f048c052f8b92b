import { earliest, isoOf, HOUR, Instant, plus } from '@drover/kernel';
import { textFact, type Device } from '@drover/fleet';
import { isAcceptedSource, sourceDetail, type CampaignLife, type CampaignSpec, type RunningVersion } from '@drover/campaign';
import {
  admitDownload,
  admitInstall,
  dataStop,
  nextContact,
  powerStop,
  SAME_WAKE_UP,
  APPOINTMENT_GRACE_MS,
  type Appointment,
  type Booking,
  type ContactPattern,
  type CostModel,
  type CoveragePattern,
  type DataUse,
  type Ledger,
  type LiveTransfer,
  type TransferPattern,
  type WaitReason,
} from '@drover/schedule';
import { isSettled, type DeviceUpdate } from './device-update.ts';
import { limitsOf } from './limits.ts';
import { sessionPause } from './session-pause.ts';
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
  /** What has been learnt of its radio. */
  readonly coverage: CoveragePattern | undefined;
  /** What its transfers have shown. */
  readonly transfers?: TransferPattern | undefined;
  /** Sleeps between its contacts. */
  readonly sleeps: boolean;
  /** What updates have taken from its battery this year, over all campaigns, mAh. */
  readonly spentThisYearMah: number;
  /** What has been moved over the air, and what is kept for others. */
  readonly data: DataUse;
  /** How often it can still be asked to wake up at another time. */
  readonly appointmentsLeft: number;
  /** It has been asked to. */
  readonly appointment: Appointment | undefined;
  /** Its name in the ledger. */
  readonly ledgerKey: string;
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
  /** A campaign for security wants airtime as well, and this is none. */
  readonly isOutranked: boolean;
  /** What runs where the image goes. */
  readonly running: RunningVersion;
  /** Why a person must release this device first, or undefined. */
  readonly quarantine: string | undefined;
  /** Transfers that its class says it goes on with, and those that it began anew; what is configured counts first. */
  readonly resume: { readonly byClass: 'Both' | 'Pull' | 'Push' | 'None' | undefined; readonly beganAnew: readonly ('Pull' | 'Push')[] };
  readonly ledger: Ledger;
  /** Name of its class. */
  readonly deviceClass?: string | undefined;
  /** What costs are counted by; the built-in figures without it. */
  readonly model?: CostModel | undefined;
}

export type DeviceDecision =
  | {
      readonly type: 'offer';
      readonly transfer: LiveTransfer;
      readonly carrier: string;
      readonly budget: number;
      readonly notAfter: Instant | undefined;
      readonly canResume: boolean;
    }
  /** Ask what runs there; nothing is offered before that is known. */
  | { readonly type: 'look'; readonly reason: WaitReason }
  /** Stop the transfer at this block and keep what the device has. */
  | { readonly type: 'stop'; readonly reason: WaitReason }
  | { readonly type: 'execute'; readonly notAfter: Instant | undefined }
  | { readonly type: 'cancel'; readonly why: string }
  /** `promise`: airtime that is kept for it. `contactAt`: it is awake, and comes for nothing. `asks`: to wake up when the wait ends. */
  | {
      readonly type: 'wait';
      readonly reason: WaitReason;
      readonly promise?: Booking | undefined;
      readonly contactAt?: Instant;
      readonly asks?: boolean;
    }
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
    case 'offered':
    case 'downloading':
      return decideTransfer(view, now);
    case 'downloaded':
      return decideInstall(view, now);
    default:
      return { type: 'nothing' };
  }
}

function decideOffer(view: DeviceView, now: Instant): DeviceDecision {
  const { spec, update } = view;
  const stopped = campaignStop(view, now) ?? stageStop(view, now);
  if (stopped) return { type: 'wait', reason: stopped };
  const unfit = unfitFor(view);
  if (unfit) return { type: 'skip', reason: unfit };
  const nextAt = nextContact(view.pattern, now);
  if (isPastDeadline(spec, now) && !mayFinish(view))
    return {
      type: 'skip',
      reason: update.reason ?? { code: 'ASLEEP', evidence: 'never reached before the deadline', nextAt },
    };
  if (view.quarantine !== undefined) return { type: 'wait', reason: { code: 'QUARANTINED', evidence: view.quarantine, person: 'release' } };
  if (view.inFlightElsewhere !== undefined)
    return { type: 'wait', reason: { code: 'OTHER_CAMPAIGN', evidence: `campaign ${view.inFlightElsewhere} updates this device`, nextAt } };
  const promise = keptPromise(update, now);
  const appointed = appointmentOf(view, now);
  if (appointed) return { type: 'wait', reason: appointed, promise };
  if (!view.isReachable) return { type: 'wait', reason: asleep(view, nextAt), promise };
  if (view.running.type === 'unread') return lookFirst(view, nextAt);
  const pause = pauseBetweenSessions(view, now);
  return pause ? { type: 'wait', reason: pause } : admission(view, now);
}

/** What is kept for a device is kept until it comes, or has not come. */
function keptPromise({ promise }: DeviceUpdate, now: Instant): Booking | undefined {
  return promise === undefined || now > promise.from + APPOINTMENT_GRACE_MS ? undefined : promise;
}

/** It has been asked, and has not woken up since: whatever its carrier has room for now, it is on its way to sleep. */
function appointmentOf({ appointment, update, pattern }: DeviceView, now: Instant): WaitReason | undefined {
  if (appointment === undefined || appointment.restores !== undefined || appointment.campaign !== update.campaign) return undefined;
  // Contacts during the transfer that it was made for say nothing; whatever comes after ends it.
  const hasCome = appointment.isPrecaution !== true && pattern !== undefined && pattern.lastAt - appointment.askedAt >= SAME_WAKE_UP;
  if (now > appointment.at || hasCome) return undefined;
  const code = update.reason?.code === 'RADIO_POOR' ? 'RADIO_POOR' : 'APPOINTMENT';
  return { code, evidence: `asked at ${isoOf(appointment.askedAt)} to wake up at ${isoOf(appointment.at)}`, nextAt: appointment.at };
}

/** A device that is always awake would be offered the same again at once, and in vain; its next contact is as good as the time. */
function pauseBetweenSessions({ update, pattern }: DeviceView, now: Instant): WaitReason | undefined {
  const { idleSessions = 0, since, reason } = update;
  if (update.state !== 'waiting' || idleSessions === 0 || (pattern !== undefined && pattern.lastAt > since)) return undefined;
  const nextAt = plus(since, sessionPause(idleSessions));
  if (now >= nextAt) return undefined;
  if (reason?.code === 'DEVICE_BUSY') return { ...reason, nextAt };
  return { code: 'BACKOFF', evidence: `${idleSessions} sessions in a row brought nothing; not before ${isoOf(nextAt)}`, nextAt };
}

/** What no wait changes: the image may not go to this device, or not over what runs there. */
function unfitFor({ trustRefusal, update, spec, running }: DeviceView): WaitReason | undefined {
  if (trustRefusal !== undefined) return { code: 'TRUST', evidence: trustRefusal, person: 'resume' };
  // The plan has looked at this already; what runs may have changed since, or was not known.
  if (update.attempt > 0 || running.type === 'unread' || isAcceptedSource(spec, running) !== false) return undefined;
  return { code: 'SOURCE_VERSION', evidence: sourceDetail(spec, running), person: 'resume' };
}

/** Looks that bring no version are not repeated for ever; nor twice in one wake-up. */
const MAX_LOOKS = 5;

function lookFirst({ update, spec, pattern }: DeviceView, nextAt: Instant): DeviceDecision {
  const evidence = `the version of ${spec.firmware.name} is not known yet: the device is asked first`;
  const reason: WaitReason = { code: 'FACT_UNKNOWN', evidence, nextAt };
  const { looks = 0, lookedAt } = update;
  const isAnother = lookedAt === undefined || (pattern?.lastAt ?? lookedAt) - lookedAt >= SAME_WAKE_UP;
  if (!isAnother) return { type: 'wait', reason };
  if (looks < MAX_LOOKS) return { type: 'look', reason };
  return {
    type: 'skip',
    reason: { ...reason, evidence: `asked ${looks} times, the device has not told which ${spec.firmware.name} it runs` },
  };
}

/** A battery that runs low, or a cap that is used up, ends a transfer at this block; what has arrived is kept. */
function decideTransfer({ device, spec, pattern, data }: DeviceView, now: Instant): DeviceDecision {
  const [limits, nextAt] = [limitsOf(spec), nextContact(pattern, now)];
  const reason = powerStop(device, limits, nextAt) ?? dataStop(data, limits, nextAt, now);
  return reason ? { type: 'stop', reason } : { type: 'nothing' };
}

function admission(view: DeviceView, now: Instant): DeviceDecision {
  const { spec, update, device } = view;
  const canResume = canResumeTransfer(view);
  const admitted = admitDownload(
    {
      device,
      update: view.ledgerKey,
      campaign: update.campaign,
      stage: update.stage,
      spentMah: { inCampaign: update.spentMah ?? 0, inYear: view.spentThisYearMah },
      data: view.data,
      remainingBytes: Math.max(view.imageBytes - (canResume ? update.offset : 0), 1),
      blockSize: spec.delivery.blockSize.preferred,
      canResume,
      backoffUntil: update.backoffUntil,
      sleeps: view.sleeps,
      pattern: view.pattern,
      coverage: view.coverage,
      transfers: view.transfers,
      turnedAway: update.turnedAway ?? 0,
      appointmentsLeft: view.appointmentsLeft,
      promise: update.promise,
      patientUntil: patientUntil(view, now),
      endsAt: endsAt(view),
      deviceClass: view.deviceClass,
      model: view.model,
    },
    limitsOf(spec, { stage: update.stage, isOutranked: view.isOutranked }),
    view.ledger,
    now,
  );
  if (admitted.type === 'skip') return admitted;
  // A device that is always there has not come for this.
  if (admitted.type === 'wait') {
    const waits = { ...admitted, reason: withEnd(admitted.reason, endsAt(view)) };
    return view.sleeps && view.pattern ? { ...waits, contactAt: view.pattern.lastAt } : waits;
  }
  const { booking, share, isFirm } = admitted.start;
  return {
    type: 'offer',
    transfer: { booking, share, isFirm },
    carrier: admitted.carrier,
    budget: admitted.budget,
    notAfter: admitted.closesAt,
    canResume,
  };
}

/** Better radio is waited for from the opening of the stage on, and never past the deadline. */
function patientUntil({ spec, stages, update }: DeviceView, now: Instant): Instant {
  const until = plus(stages[update.stage]?.openedAt ?? now, limitsOf(spec).pace.patienceMs);
  return earliest(until, spec.schedule.deadline?.at) ?? until;
}

function endsAt(view: DeviceView): Instant | undefined {
  return mayFinish(view) ? undefined : view.spec.schedule.deadline?.at;
}

/** Who waits for what comes too late should know it, while somebody can still do something about it. */
function withEnd(reason: WaitReason, end: Instant | undefined): WaitReason {
  if (end === undefined || !('nextAt' in reason) || reason.nextAt < end) return reason;
  return { ...reason, evidence: `${reason.evidence}; the campaign ends before that, at ${isoOf(end)}` };
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

function asleep({ pattern, update: { promise } }: DeviceView, nextAt: Instant): WaitReason {
  const kept = promise ? `; airtime is kept for it from ${isoOf(Instant(promise.from))}` : '';
  return { code: 'ASLEEP', evidence: `${pattern ? `last contact ${isoOf(pattern.lastAt)}` : 'no contact yet'}${kept}`, nextAt };
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

/** What its class says counts; else a push cannot go on after a pause, and a pull can until the device has shown otherwise. */
export function canResumeTransfer({ update, device, spec, resume }: Pick<DeviceView, 'update' | 'device' | 'spec' | 'resume'>): boolean {
  if (!spec.delivery.resume.enabled) return false;
  const announced = textFact(device, 'update.delivery') === 'Push' ? 'Push' : 'Pull';
  const method = update.method ?? (spec.delivery.method === 'Auto' ? announced : spec.delivery.method);
  if (resume.byClass !== undefined) return resume.byClass === 'Both' || resume.byClass === method;
  return method === 'Pull' && !resume.beganAnew.includes(method);
}
