import type { Device } from '@drover/fleet';
import { carrierFor, linkOf } from './link-of.ts';
import { transferCost } from './transfer-cost.ts';

/** What a campaign will cost by the model, before anyone approves. */
export interface Forecast {
  readonly devices: number;
  /** Payload and headers, all devices. */
  readonly bytes: number;
  readonly airtimeHours: number;
  readonly energy: { readonly totalMah: number; readonly p50Mah: number; readonly p95Mah: number; readonly maxMah: number };
  /** Hours of transfer the busiest carriers need at the campaign's airtime share: a floor under the campaign's length. */
  readonly busiest: readonly { readonly carrier: string; readonly devices: number; readonly hours: number }[];
}

export function forecast(
  devices: readonly Device[],
  imageBytes: number,
  { blockSizeFor, airtime }: { blockSizeFor: (device: Device) => number; airtime: number },
): Forecast {
  const carriers = new Map<string, { devices: number; airtimeMs: number }>();
  const energies: number[] = [];
  let bytes = 0;
  for (const device of devices) {
    const cost = transferCost(imageBytes, linkOf(device, blockSizeFor(device)));
    bytes += cost.bytesOnAir;
    energies.push(cost.energyMah);
    const { key } = carrierFor(device);
    const sum = carriers.get(key) ?? { devices: 0, airtimeMs: 0 };
    carriers.set(key, { devices: sum.devices + 1, airtimeMs: sum.airtimeMs + cost.airtime });
  }
  energies.sort((a, b) => a - b);
  const busiest = [...carriers].map(([carrier, sum]) => ({
    carrier,
    devices: sum.devices,
    hours: round(sum.airtimeMs / 3_600_000 / airtime),
  }));
  const airtimeMs = [...carriers.values()].reduce((sum, carrier) => sum + carrier.airtimeMs, 0);
  return {
    devices: devices.length,
    bytes,
    airtimeHours: round(airtimeMs / 3_600_000),
    energy: {
      totalMah: round(energies.reduce((sum, mah) => sum + mah, 0)),
      p50Mah: round(quantile(energies, 0.5)),
      p95Mah: round(quantile(energies, 0.95)),
      maxMah: round(quantile(energies, 1)),
    },
    busiest: busiest.sort((a, b) => b.hours - a.hours || (a.carrier < b.carrier ? -1 : 1)).slice(0, 5),
  };
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
