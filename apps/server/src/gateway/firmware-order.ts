import { UPDATE_OBJECT, type FirmwareOrder, type PackageUri, type UpdateTarget, type UriScheme } from '@drover/lwm2m';
import type { ClassSetting } from '../link/device-classes.ts';
import type { OfferOrder } from '../link/messages.ts';
import { isOverDtls, isOverOscore, isOverTls } from '../link/security.ts';
import type { Registered } from './registry.ts';

/** The URI of an image under a scheme, or undefined where this server offers none. */
export type UriFor = (scheme: UriScheme, image: Pick<OfferOrder, 'pullToken' | 'digest'>) => string | undefined;

/** What the machine is to do, from what the engine wants, how the device's class is treated, and what the device has registered. */
export function firmwareOrder(order: OfferOrder, setting: ClassSetting, more: { uriFor: UriFor; device?: Registered }): FirmwareOrder {
  const { observe, settleMs, versionFrom, pushTo, resume } = setting;
  const target = targetFor(order.target, more.device);
  return {
    attempt: order.attempt,
    target,
    method: order.method,
    uris: urisFor(order, more),
    tryNextProtocol: order.protocols.tryNext,
    size: order.size,
    expectedVersion: order.expectedVersion,
    ...((order.offset > 0 || order.isResumed) && { keepOffset: order.offset }),
    ...(order.isRetried && { offeredBefore: true }),
    resultBefore: order.resultBefore,
    idleSessions: order.idleSessions,
    activation: order.activation,
    inactivityMs: order.inactivityMs,
    watchBattery: order.watchBattery,
    ...(observe !== undefined && { observe }),
    ...(settleMs !== undefined && { settleMs }),
    ...versionPlaces(order, versionFrom),
    ...(pushTo !== undefined && { pushTo }),
    ...(resume !== undefined && { resume }),
    ...announcedOf(target, more.device),
  };
}

type Security = 'dtls' | 'tls' | 'oscore';

/** What a scheme is called for whoever registered with security: the one that it has. */
const SECURED: Readonly<Record<Security, Partial<Record<UriScheme, UriScheme>>>> = {
  dtls: { coap: 'coaps' },
  tls: { coap: 'coaps+tcp', 'coap+tcp': 'coaps+tcp' },
  oscore: {},
};

/**
 * A device that registered over DTLS is told `coaps` where the campaign says `coap`, and one over TLS `coaps+tcp`. Its token
 * opens nothing elsewhere, so CoAP without security is not offered to it; with OSCORE `coap` is protected by itself, over UDP.
 */
function urisFor(order: OfferOrder, { uriFor, device }: { uriFor: UriFor; device?: Registered }): PackageUri[] {
  const security = device && securityOf(device.peer);
  const uris = new Map<string, PackageUri>();
  for (const scheme of order.protocols.order) {
    const spoken = (security && SECURED[security][scheme]) ?? scheme;
    const uri = isOpenTo(spoken, security) ? uriFor(spoken, order) : undefined;
    if (uri !== undefined && !uris.has(uri)) uris.set(uri, { scheme, uri });
  }
  return [...uris.values()];
}

function isOpenTo(scheme: UriScheme, security: Security | undefined): boolean {
  if (!scheme.startsWith('coap')) return true;
  if (security === 'oscore') return scheme === 'coap';
  return scheme.startsWith('coaps') === (security !== undefined);
}

function securityOf(peer: string): Security | undefined {
  if (isOverTls(peer)) return 'tls';
  if (isOverOscore(peer)) return 'oscore';
  return isOverDtls(peer) ? 'dtls' : undefined;
}

/** The campaign's word counts before the class's; both may leave it to the object. */
function versionPlaces({ versionFrom }: OfferOrder, ofClass: string | undefined): Pick<FirmwareOrder, 'versionFrom'> {
  if (versionFrom.length > 0) return { versionFrom };
  return ofClass === undefined ? {} : { versionFrom: [ofClass] };
}

/** Who has Object 33629 and no Object 5 takes its firmware there: the two are never used in one update. */
function targetFor(target: UpdateTarget, device: Registered | undefined): UpdateTarget {
  if (target.object !== 'Firmware' || !device) return target;
  const has = (object: number): boolean => device.objects.some((each) => each.object === object);
  return has(UPDATE_OBJECT.AdvancedFirmware) && !has(UPDATE_OBJECT.Firmware) ? { ...target, object: 'AdvancedFirmware' } : target;
}

function announcedOf({ object }: UpdateTarget, device: Registered | undefined): Pick<FirmwareOrder, 'announced'> {
  const known = device?.objects.find((each) => each.object === UPDATE_OBJECT[object]);
  return known ? { announced: known.instances } : {};
}
