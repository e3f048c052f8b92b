import { expect, it } from '@jest/globals';
import { Digest } from '@drover/kernel';
import type { UriScheme } from '@drover/lwm2m';
import { PLAIN_WISHES } from '../../../../test/support/orders.ts';
import { registered } from '../../../../test/support/wire-device.ts';
import type { OfferOrder } from '../link/messages.ts';
import { firmwareOrder } from './firmware-order.ts';
import { NO_CLASS } from './device-classes.ts';

const ALL: readonly UriScheme[] = ['coap', 'coaps', 'coap+tcp', 'http', 'https'];

it.each<[string, string, readonly UriScheme[], string[]]>([
  ['without security', '192.0.2.1:5683', ALL, ['coap', 'coap+tcp', 'http', 'https']],
  ['over TCP', 'tcp:192.0.2.1:5683', ['coap', 'coaps'], ['coap']],
  ['over DTLS', 'dtls:0011223344556677', ALL, ['coaps', 'http', 'https']],
  ['over DTLS, where the campaign says coap', 'dtls:0011223344556677', ['coap'], ['coaps']],
  ['over DTLS, where the campaign says TCP alone', 'dtls:0011223344556677', ['coap+tcp'], []],
  ['with OSCORE', 'oscore:kid:01@192.0.2.1:5683', ALL, ['coap', 'http', 'https']],
  ['with OSCORE, where the campaign says TCP alone', 'oscore:kid:01@192.0.2.1:5683', ['coap+tcp', 'coaps'], []],
])('a device that registered %s is offered the schemes that are open to it', (_how, peer, order, schemes) => {
  const digest = Digest(`sha256:${'0'.repeat(64)}`);
  const offered = { ...PLAIN_WISHES, protocols: { order, tryNext: true }, digest, pullToken: 'token' } as OfferOrder;
  const { uris } = firmwareOrder(offered, NO_CLASS, { uriFor: (scheme) => `${scheme}://here/fw/token`, device: registered({ peer }) });
  expect(uris.map(({ uri }) => uri.slice(0, uri.indexOf(':')))).toEqual(schemes);
});
