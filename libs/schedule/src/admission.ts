import { isoOf, MINUTE, plus, Instant } from '@drover/kernel';
import { wait, type Admission, type Ask, type DownloadRequest, type Limits } from './admission-request.ts';
import { campaignBudgets, dataRefusal, energyRefusal } from './budget-refusals.ts';
import { nextContact } from './contact-pattern.ts';
import { DEFAULT_COST_MODEL } from './cost-model.ts';
import { learnCoverage } from './coverage.ts';
import type { Ledger } from './ledger.ts';
import { bearerOf, carrierFor, coverageOf, linkOf, lossOf, UNKNOWN_CELL_FACTOR, type Carrier } from './link-of.ts';
import { zoneFor } from './local-time.ts';
import type { WaitReason } from './reason.ts';
import { powerRefusal, radioRefusal } from './standing.ts';
import { decideStart, type Candidate, type StartDecision } from './start-decision.ts';
import { transferCost, type TransferLink } from './transfer-cost.ts';
import { ownLink } from './transfer-pattern.ts';
import { windowState } from './window.ts';

/** Whether a device that is awake now may start its download, in the order in which the operator would ask. */
export function admitDownload(request: DownloadRequest, limits: Limits, ledger: Ledger, now: Instant): Admission {
  const { device } = request;
  const nextContactAt = nextContact(request.pattern, now);
  if (request.backoffUntil !== undefined && request.backoffUntil > now)
    return wait('BACKOFF', `retries are spaced; not before ${isoOf(request.backoffUntil)}`, request.backoffUntil);
  const power = powerRefusal(device, limits);
  if (power) return wait(power.code, power.evidence, nextContactAt);
  const radio = radioRefusal(device, limits);
  if (radio)
    return limits.onRadioViolation === 'Skip'
      ? { ...wait('RADIO_POOR', radio, nextContactAt), type: 'skip' }
      : wait('RADIO_POOR', radio, nextContactAt);
  const zone = zoneFor(limits.timeZone, device);
  const window = windowState(limits.downloadWindows, zone, now);
  const { model = DEFAULT_COST_MODEL } = request;
  const link = ownLink(linkOf(device, request.blockSize), request.transfers, model);
  const cost = transferCost(request.remainingBytes, link, { model });
  const ask = { request, limits, ledger, now, nextContactAt, cost, link, zone, model };
  if (!window.open) {
    const closed = wait('WINDOW_CLOSED', `the download window is closed (${zone.name})`, window.opensAt ?? nextContactAt);
    // What it was promised lies within the window, and ahead.
    if (request.promise) return { ...closed, promise: request.promise };
    return asked({ ...ask, closesAt: undefined }) ?? closed;
  }
  if (!request.canResume && window.closesAt !== undefined && plus(now, ask.cost.duration) > window.closesAt) {
    const evidence = `needs ${Math.ceil(ask.cost.duration / MINUTE)} min in one piece${atItsPace(link)}, the window has ${Math.floor((window.closesAt - now) / MINUTE)} min left`;
    return asked({ ...ask, closesAt: window.closesAt }) ?? wait('WINDOW_TOO_SHORT', evidence, plus(window.closesAt, MINUTE));
  }
  const open = { ...ask, closesAt: window.closesAt };
  return energyRefusal(open) ?? dataRefusal(open) ?? campaignBudgets(open) ?? onItsCarrier(open);
}

/** An appointment for a sleeper whose window is closed or too short for it, if it can be asked. */
function asked(ask: Ask): Admission | undefined {
  if (!ask.request.sleeps || ask.request.appointmentsLeft <= 0) return undefined;
  const admission = onItsCarrier(ask);
  return admission.type === 'wait' && admission.asks === true ? admission : undefined;
}

function onItsCarrier(ask: Ask): Admission {
  const { request, limits, ledger, now, closesAt } = ask;
  const carrier = carrierFor(request.device);
  const budget = limits.airtime * (carrier.isKnown ? 1 : UNKNOWN_CELL_FACTOR);
  const candidate = candidateFor(ask, { carrier, budget });
  const start = ledger.without(request.update, now, () => decideStart(candidate, limits.pace, ledger.carriers, now));
  if (start.type === 'start') return { type: 'admit', start, carrier: carrier.key, budget, closesAt };
  const code = start.code === 'CELL_BUDGET' && !carrier.isKnown ? 'CELL_UNKNOWN' : start.code;
  const reason: WaitReason = { code, evidence: evidenceOf(ask, start, { carrier, budget }), nextAt: Instant(start.until) };
  return { type: 'wait', reason, promise: start.booking, ...(start.asks && { asks: true }) };
}

function candidateFor(
  { request, limits, zone, link, model, closesAt }: Ask,
  { carrier, budget }: { carrier: Carrier; budget: number },
): Candidate {
  const { device, pattern, sleeps } = request;
  return {
    carrier: carrier.key,
    airtime: budget,
    bearer: bearerOf(device),
    ce: coverageOf(device),
    coverage: request.coverage ?? learnCoverage(undefined, lossOf(device)),
    blockSize: request.blockSize,
    remainingBytes: request.remainingBytes,
    canResume: request.canResume,
    onBattery: device.facts['power.mains']?.value !== true,
    wakesAt: sleeps ? (at) => nextContact(pattern, Instant(at - 1)) : undefined,
    turnedAway: request.turnedAway,
    appointmentsLeft: sleeps ? request.appointmentsLeft : 0,
    closesAt: closesAt ?? Number.POSITIVE_INFINITY,
    isOpen: (at) => windowState(limits.downloadWindows, zone, Instant(at)).open,
    patientUntil: request.patientUntil,
    endsAt: request.endsAt ?? Number.POSITIVE_INFINITY,
    booking: request.promise,
    slowness: link.slowness,
    model,
  };
}

/** Where what the device itself has shown makes a difference. */
function atItsPace({ slowness = 1 }: TransferLink): string {
  return Math.abs(slowness - 1) < 0.05 ? '' : ` at its own pace, ${slowness.toFixed(1)} times that of the model`;
}

function evidenceOf(
  { request, ledger, cost, link }: Ask,
  { code, booking }: Extract<StartDecision, { type: 'wait' }>,
  { carrier, budget }: { carrier: Carrier; budget: number },
): string {
  if (code === 'APPOINTMENT') return `asked to wake up when there is room on cell ${carrier.key} within its window`;
  if (code === 'RADIO_POOR') return `coverage level CE${coverageOf(request.device)}, and likely to be better at one of the next contacts`;
  const promised = booking ? `; airtime is kept for it from ${isoOf(Instant(booking.from))}` : '';
  const used = ledger.carriers.demandOn(carrier.key);
  return `cell ${carrier.key} uses ${used.toFixed(2)} of ${budget.toFixed(2)}, this one needs ${cost.share.toFixed(2)}${atItsPace(link)}${promised}`;
}
