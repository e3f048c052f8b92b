import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import type { Profile } from '../profiles/profile.ts';
import type { CoapPort } from '../wire/coap-port.ts';
import { notificationFormat, type Observations } from './observations.ts';
import { readResources, type DeviceView } from './resources.ts';

/** The device that tells. */
export interface Teller {
  readonly profile: Profile;
  readonly view: DeviceView;
  readonly server: string;
  readonly port: CoapPort;
}

/** State, Result and version go in one message of a device that sends by itself. */
const SENT = ['/5/0/3', '/5/0/5', '/3/0/3'];

/** Tells every observer whose values have changed, or whoever listens to Send. */
export function tellChanges(device: Teller, observations: Observations | undefined): void {
  if (device.profile.content.notifies === 'Send') send(device);
  else if (observations) notify(device, observations);
}

function notify(device: Teller, observations: Observations): void {
  const { notifies, notifiesAs } = device.profile.content;
  observations.changed(
    ({ format, path }) => encodeContent(notificationFormat(format, path, notifiesAs), readResources(device.view, path), path),
    ({ peer, token, sequence, format, path, payload }) => {
      const options = { observe: sequence, contentFormat: notificationFormat(format, path, notifiesAs) };
      return device.port.notify(peer, token, { options, payload, confirmable: notifies === 'CON' });
    },
  );
}

function send({ view, port, server }: Teller): void {
  const values = SENT.flatMap((path) => readResources(view, path));
  const payload = encodeContent(CONTENT_FORMAT.SENML_CBOR, values, '/');
  port.request(server, { method: 'POST', path: ['dp'], contentFormat: CONTENT_FORMAT.SENML_CBOR, payload }, () => undefined);
}
