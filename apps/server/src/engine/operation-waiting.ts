import { isoOf, type Instant } from '@drover/kernel';
import { nextContact } from '@drover/schedule';
import type { DeviceRecord } from '@drover/persistence';
import type { OperationResult } from '../link/operations.ts';
import type { OperationTicket, OperationWait } from './operation-ticket.ts';

/** Why an operation is not under way yet: the device sleeps, or something else is being asked of it. */
export function waitFor(device: DeviceRecord, { listens, since, now }: { listens: boolean; since: Instant; now: Instant }): OperationWait {
  if (listens) return { code: 'BEHIND_ANOTHER', evidence: 'another operation on this device is under way', since, nextAt: undefined };
  return { code: 'ASLEEP', evidence: asleepText(device, now), since, nextAt: nextContactOf(device, now) };
}

export function asleepText(device: DeviceRecord, now: Instant): string {
  const { registration, lastContactAt } = device;
  const last = lastContactAt === undefined ? 'it was never heard' : `last heard ${isoOf(lastContactAt)}`;
  const next = nextContactOf(device, now);
  const expected = next === undefined ? '' : `, next expected ${isoOf(next)}`;
  return `${registration ? 'the device sleeps' : 'the device is not registered'}: ${last}${expected}`;
}

function nextContactOf({ pattern }: DeviceRecord, now: Instant): Instant | undefined {
  return pattern ? nextContact(pattern, now) : undefined;
}

/** Its time is over, and it was never sent. */
export function expired({ asked, wait }: OperationTicket): OperationResult {
  const message = `not sent by ${isoOf(asked.until)}: ${wait?.evidence ?? 'it was not its turn'}`;
  return { type: 'failed', failure: 'OPERATION_EXPIRED', kind: 'transport', message };
}

/** Of what must not be done twice, nobody can say whether it was done. */
export function noAnswer({ asked }: OperationTicket): OperationResult {
  const message = asked.isRepeatable
    ? 'the device did not answer'
    : 'the device did not answer, and may have carried it out: read it before asking again';
  return { type: 'failed', failure: 'NO_ANSWER', kind: 'transport', message };
}
