import { hash32, type Instant } from '@drover/kernel';
import { blockMs, learnCarrierTransfers, learnTransfer, type TransferSeen } from '@drover/schedule';
import type { CarrierRecord } from '@drover/persistence';
import type { UpdateFact } from '../link/messages.ts';
import { AS_AGREED } from './carrier-desk.ts';
import type { EngineState, Place } from './engine-state.ts';
import type { UnitOfWork } from './unit-of-work.ts';

type BlocksSeen = Extract<UpdateFact, { type: 'blocks-seen' }>;

/** What blocks have shown is kept in three places: of their kind, of the device, and of its carrier. */
export function learnBlocks(
  { update }: Place,
  seen: BlocksSeen,
  at: Instant,
  { state, unit }: { state: EngineState; unit: UnitOfWork },
): void {
  const device = state.devices.get(update.endpoint);
  if (!device) return;
  const { bearer, ce, blockSize, blocks, repeated, medianMs } = seen;
  const known = device.transfers;
  const transfer: TransferSeen = { ...seen, slowness: medianMs === undefined ? undefined : medianMs / blockMs({ bearer, ce, blockSize }) };
  if (medianMs !== undefined && bearer !== 'other') {
    const measured = { medianMs, blocks, repeated, mark: hash32(update.endpoint), before: known?.measured ?? 0 };
    const record = state.models.learn({ bearer, ce, blockSize }, measured, at);
    if (record) unit.changes.calibrations.push(record);
  }
  unit.putDevice({ ...device, transfers: learnTransfer(known, transfer) });
  const carrier = update.transfer?.booking.carrier;
  if (carrier !== undefined) unit.putCarrier(carrierAfter(state.carriers.get(String(carrier)), String(carrier), transfer, at));
}

function carrierAfter(known: CarrierRecord | undefined, carrier: string, seen: TransferSeen, at: Instant): CarrierRecord {
  const before = known ?? { carrier, capacity: AS_AGREED, share: 1, changedAt: at };
  return { ...before, transfers: learnCarrierTransfers(before.transfers, seen) };
}
