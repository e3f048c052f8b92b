import { blockMs, goodput, linkOf, ownLink, ownSlowness } from '@drover/schedule';
import type { DeviceTransfersView } from '@drover/contracts';
import type { DeviceRecord } from '@drover/persistence';
import type { EngineState } from '../engine/engine-state.ts';

/** What campaigns prefer unless they say otherwise. */
const USUAL_BLOCK_SIZE = 512;

/** What transfers of a device have shown of it, and how it is planned with where its radio is now. */
export function transfersView(
  device: DeviceRecord,
  { models, classes }: Pick<EngineState, 'models' | 'classes'>,
): DeviceTransfersView | undefined {
  const { transfers } = device;
  if (!transfers) return undefined;
  const blockSize = classes.blockSize(device, USUAL_BLOCK_SIZE);
  const link = linkOf(device, blockSize);
  return {
    measured: transfers.measured,
    slowness: Math.round(100 * ownSlowness(transfers, link, models.cost)) / 100,
    loss: Math.round(10_000 * transfers.loss) / 10_000,
    blockSize,
    roundTripMs: Math.round(blockMs(ownLink(link, transfers, models.cost), models.cost)),
    goodput: Math.round(goodput(transfers, link, models.cost)),
  };
}
