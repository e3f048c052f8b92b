import { CODE, type IncomingHandle, type IncomingRequest } from '@drover/coap';
import type { Duration } from '@drover/kernel';
import { monotonicMs, type CampaignClock } from '@drover/platform';
import type { FromGateway } from '../link/messages.ts';
import type { CommandDesk } from './command-desk.ts';
import type { DeviceClasses } from './device-classes.ts';
import type { DeviceReader } from './device-reader.ts';
import type { OperatorDesk } from './operations/operator-desk.ts';
import type { Pauses } from './pauses.ts';
import { endpointOfRegister } from './register-claim.ts';
import { contactMessage, type Contact, type RegistrationHandler } from './registration-handler.ts';
import type { Registered, Registry } from './registry.ts';
import { SendReader } from './send-reader.ts';
import type { IdentityGuard } from './dtls/identity-guard.ts';
import type { Transports } from './transports.ts';

export interface ContactDeskParts {
  readonly clock: CampaignClock;
  readonly coap: Transports;
  readonly registry: Registry;
  readonly registrations: RegistrationHandler;
  readonly classes: DeviceClasses;
  readonly pauses: Pauses;
  readonly reader: DeviceReader;
  readonly operators: OperatorDesk;
  readonly commands: CommandDesk;
  /** Without it nobody needs a credential. */
  readonly guard?: IdentityGuard;
  readonly tell: (message: FromGateway) => void;
}

/** What a device says by itself: that it is here, that it is still here, that it goes, and by Send what it has seen. */
export class ContactDesk {
  readonly #parts: ContactDeskParts;
  readonly #sends = new SendReader();

  constructor(parts: ContactDeskParts) {
    this.#parts = parts;
  }

  /** Register, Update and Deregister; whatever else there is at our paths is answered there too. */
  onRegistration(peer: string, handle: IncomingHandle, request: IncomingRequest): void {
    const { clock, coap, registrations, operators, commands, reader, tell } = this.#parts;
    if (this.#mustShowItsAddress(peer, request) && coap.challenge(handle, monotonicMs())) return;
    const { response, contact } = registrations.handle(peer, request, { now: monotonicMs(), clock: clock.now() });
    coap.respond(handle, response, monotonicMs());
    if (!contact) return;
    const { device, kind } = contact;
    tell(contactMessage(contact, clock.now()));
    if (kind === 'register') this.#welcome(contact);
    if (kind !== 'update') operators.forget(device.endpoint, kind === 'register' ? 'the device registered again' : 'the device has gone');
    const conversation = commands.conversationOf(device.endpoint);
    conversation?.heard();
    if (contact.movedFrom !== undefined) this.#leave(contact.movedFrom, () => conversation?.moved());
    if (kind === 'register') reader.read(device);
    else if (kind === 'update') reader.goOn(device);
    else reader.forget(device.endpoint);
    if (kind !== 'deregister') conversation?.input({ type: kind === 'register' ? 'registered' : 'contact' });
  }

  /** LwM2M 1.1 Send: a sign of life, and facts like any others. */
  onSend(peer: string, handle: IncomingHandle, request: IncomingRequest): void {
    const { clock, coap, classes, commands, guard, tell } = this.#parts;
    const device = this.#senderAt(peer);
    if (!device) return void coap.respond(handle, { code: CODE.NOT_FOUND }, monotonicMs());
    const foreign = guard?.refuses(peer, device.endpoint);
    if (foreign !== undefined) return void coap.respond(handle, { code: CODE.BAD_REQUEST, payload: Buffer.from(foreign) }, monotonicMs());
    const { versionFrom } = classes.of(device.endpoint);
    const sent = this.#sends.read(peer, request, { now: monotonicMs(), versionFrom });
    coap.respond(handle, sent.response, monotonicMs());
    if (!sent.facts) return;
    const at = clock.now();
    tell({ type: 'facts', endpoint: device.endpoint, at, facts: sent.facts });
    tell(contactMessage({ kind: 'send', device }, at));
    const conversation = commands.conversationOf(device.endpoint);
    conversation?.heard();
    conversation?.input({ type: 'contact' });
  }

  /** Its session says who it is; without security only where it registered from does. A new session goes on with the registration. */
  #senderAt(peer: string): Registered | undefined {
    const { clock, registry, guard } = this.#parts;
    const vouched = guard?.endpointAt(peer);
    const endpoint = vouched ?? registry.endpointsAt(peer).at(-1);
    const device = endpoint && registry.of(endpoint, clock.now());
    if (!device || device.peer === peer || vouched === undefined) return device;
    const moved = { ...device, peer };
    registry.put(moved);
    this.#leave(device.peer, () => this.#parts.commands.conversationOf(device.endpoint)?.moved());
    return moved;
  }

  /** Of its class it is known that it understands Echo, and it registers from where it has not been before. */
  #mustShowItsAddress(peer: string, request: IncomingRequest): boolean {
    const { clock, coap, registry, classes } = this.#parts;
    if (classes.size === 0) return false;
    const endpoint = endpointOfRegister(request);
    if (endpoint === undefined || classes.of(endpoint).echo !== true) return false;
    return registry.of(endpoint, clock.now())?.peer !== peer && !coap.isProven(peer, monotonicMs());
  }

  #welcome(contact: Contact): void {
    const { clock, classes, pauses } = this.#parts;
    const { endpoint } = contact.device;
    this.#forgetBefore(contact);
    const pause = classes.of(endpoint).pauseAfterRegisterMs ?? 0;
    pauses.begin(endpoint, clock.wallMs(pause as Duration), monotonicMs());
  }

  /** A device that registers has forgotten our observations. */
  #forgetBefore({ device, replaced }: Contact): void {
    this.#parts.coap.forgetObservations(device.peer);
    if (replaced !== undefined) this.#leave(replaced);
  }

  /** At an address that it has left nobody answers for it: whoever can, asks again at the new one; the others have no answer. */
  #leave(peer: string, askAgain?: () => void): void {
    const { coap, registry } = this.#parts;
    askAgain?.();
    if (registry.endpointsAt(peer).length === 0) coap.forgetPeer(peer);
  }
}
