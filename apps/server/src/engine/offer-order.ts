import { SECOND } from '@drover/kernel';
import { limitsOf } from '@drover/rollout';
import { blockCost, hasBatteryFloor, linkOf, ownLink } from '@drover/schedule';
import type { CampaignSpec } from '@drover/campaign';
import type { Activation } from '@drover/lwm2m';
import type { DeviceRecord } from '@drover/persistence';
import type { OfferOrder, Papers } from '../link/messages.ts';
import { attemptKey, pullToken } from './attempt.ts';
import { trustTarget } from './component-versions.ts';
import type { Place } from './engine-state.ts';
import type { Engine } from './engine.ts';

/** `/5/0/11` by its words. */
const SEVERITY = { Critical: 0, Mandatory: 1, Optional: 2 } as const;

/** What the gateway must know to start, or after a restart to go on with, this update. */
export function offerOrder(
  { campaign, update }: Place,
  device: DeviceRecord,
  more: Pick<OfferOrder, 'phase' | 'carrier' | 'budget' | 'notAfter'> & { readonly papers: Papers; readonly expectedVersion: string },
  engine: Engine,
): OfferOrder {
  const { spec } = campaign.document;
  const { delivery } = spec;
  const { firmware } = campaign.record.plan;
  const blockSize = engine.state.classes.blockSize(device, delivery.blockSize.preferred);
  const { cost } = engine.state.models;
  const link = ownLink(linkOf(device, blockSize), device.transfers, cost);
  const block = blockCost(link, cost);
  const { model, version, nothingInstalled } = trustTarget(spec, device);
  return {
    ...more,
    attempt: attemptKey(update),
    endpoint: update.endpoint,
    epoch: engine.epoch,
    method: delivery.method,
    digest: firmware.digest,
    size: firmware.size,
    offset: update.offset,
    isResumed: update.sessions > 1,
    isRetried: update.attempt > 1,
    resultBefore: update.resultBefore ?? 0,
    idleSessions: update.idleSessions ?? 0,
    pullToken: pullToken(engine.secrets.pull, update.endpoint, firmware.digest),
    blockSize,
    minBlockSize: delivery.blockSize.min,
    inactivityMs: delivery.inactivityTimeout,
    share: block.share,
    isFirm: update.transfer?.isFirm ?? true,
    blockMs: block.duration,
    link: { bearer: link.bearer, ce: link.ce },
    device: { model, version, ...(nothingInstalled ? { nothingInstalled } : {}) },
    target: { object: delivery.object, instance: delivery.instance, component: firmware.name },
    protocols: { order: delivery.protocolOrder, tryNext: spec.retry.classes.UnsupportedProtocol?.nextProtocol ?? true },
    activation: activationOf(spec),
    versionFrom: spec.verify.versionFrom,
    keepAwakeMs: delivery.keepAwake.allowed ? delivery.keepAwake.max : 0,
    watchBattery: hasBatteryFloor(limitsOf(spec), device),
  };
}

function activationOf({ activation }: CampaignSpec): Activation {
  const { automaticUpgradeAtDownload, severity, maximumDefer } = activation;
  return {
    automaticUpgrade: automaticUpgradeAtDownload,
    severity: severity && SEVERITY[severity],
    maximumDeferS: maximumDefer === undefined ? undefined : maximumDefer / SECOND,
  };
}
