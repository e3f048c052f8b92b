import type { DeviceClassDocument, FormatName } from '@drover/campaign';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import type { ClassSetting } from '../link/device-classes.ts';

/** By the names that documents have for them. */
export const CONTENT_FORMAT_OF: Readonly<Record<FormatName, number>> = {
  Text: CONTENT_FORMAT.TEXT,
  Opaque: CONTENT_FORMAT.OPAQUE,
  CBOR: CONTENT_FORMAT.CBOR,
  SenMLJSON: CONTENT_FORMAT.SENML_JSON,
  SenMLCBOR: CONTENT_FORMAT.SENML_CBOR,
  TLV: CONTENT_FORMAT.TLV,
  LwM2MJSON: CONTENT_FORMAT.LWM2M_JSON,
  LwM2MCBOR: CONTENT_FORMAT.LWM2M_CBOR,
};

/** The name that operators know a content format by. */
export function formatName(format: number | 'any'): string {
  const known = Object.entries(CONTENT_FORMAT_OF).find(([, number]) => number === format);
  return known ? known[0] : String(format);
}

/** What of a class counts in the gateway. Block sizes are not among it: they are in each offer. */
export function settingOf({ metadata, spec }: DeviceClassDocument): ClassSetting {
  const { coap, lwm2m, update, awake, pauseAfterRegister } = spec;
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    timing: { ackTimeoutMs: coap?.ackTimeout, maxRetransmit: coap?.maxRetransmit, responseTimeoutMs: coap?.responseTimeout },
    firstBlockTimeoutMs: coap?.firstBlockTimeout,
    busyRetryMs: coap?.busyRetry,
    echo: coap?.echo,
    awakeMs: awake,
    pauseAfterRegisterMs: pauseAfterRegister,
    formats: lwm2m?.formats?.map((name) => CONTENT_FORMAT_OF[name]),
    composite: lwm2m?.composite,
    observe: lwm2m?.observe,
    settleMs: lwm2m?.settle,
    versionFrom: lwm2m?.versionFrom,
    pushTo: update?.pushTo,
    resume: update?.resume,
  };
}
