import type { OfferOrder, Papers } from '../../apps/server/src/link/messages.ts';

type Wish =
  | 'isResumed'
  | 'isRetried'
  | 'resultBefore'
  | 'idleSessions'
  | 'target'
  | 'protocols'
  | 'activation'
  | 'versionFrom'
  | 'keepAwakeMs'
  | 'watchBattery'
  | 'link';

/** Of an order that asks for nothing in particular: the one instance of Object 5, over CoAP, for the first time. */
export const PLAIN_WISHES: Pick<OfferOrder, Wish> = {
  isResumed: false,
  isRetried: false,
  resultBefore: 0,
  idleSessions: 0,
  target: { object: 'Firmware', instance: 0, component: 'fw' },
  protocols: { order: ['coap'], tryNext: true },
  activation: { automaticUpgrade: 'Off' },
  versionFrom: [],
  keepAwakeMs: 0,
  watchBattery: false,
  link: { bearer: 'NB-IoT', ce: 0 },
};

/** As the engine sends them. */
export function papersOf({ envelope, policy }: { readonly envelope: Uint8Array; readonly policy: object }): Papers {
  return { envelope: Buffer.from(envelope).toString('base64'), policy: JSON.stringify(policy) };
}
