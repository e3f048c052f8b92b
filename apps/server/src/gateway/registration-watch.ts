import { needsCredential, useOf } from '@drover/credentials';
import type { Duration, Endpoint } from '@drover/kernel';
import type { FromGateway, RestoredRegistration } from '../link/messages.ts';
import { isSecured } from '../link/security.ts';
import type { DeviceReader } from './device-reader.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { OperatorDesk } from './operations/operator-desk.ts';
import type { RegistrationHandler } from './registration-handler.ts';
import type { Registered, Registry } from './registry.ts';
import type { Wire } from './wire.ts';

export interface RegistrationWatchParts extends Pick<GatewayParts, 'clock' | 'security'> {
  readonly wire: Wire;
  readonly registry: Registry;
  readonly registrations: RegistrationHandler;
  readonly operators: OperatorDesk;
  readonly reader: DeviceReader;
  readonly tell: (message: FromGateway) => void;
}

/** How often lapsed registrations are looked for, campaign ms. */
const SWEEP_MS = 30_000;

/** Which registrations count: not one whose time is over, nor one without security of a device that has a credential by now. */
export class RegistrationWatch {
  readonly #parts: RegistrationWatchParts;
  readonly #sweeper: NodeJS.Timeout;

  constructor(parts: RegistrationWatchParts) {
    this.#parts = parts;
    this.#sweeper = setInterval(() => this.#sweep(), Math.max(250, parts.clock.wallMs(SWEEP_MS as Duration)));
  }

  /** What registered without security before its device had a credential counts no more. */
  restore(registration: RestoredRegistration): void {
    const { wire, security, registrations, tell, clock } = this.#parts;
    const { endpoint, address } = registration;
    const book = wire.secured?.book;
    const isOpenTo = isSecured(address) || !(security?.oscoreOnly === true || (book && needsCredential(endpoint, book)));
    if (isOpenTo) registrations.restore(registration);
    else tell({ type: 'lapsed', endpoint, at: clock.now() });
  }

  /** A credential of its has changed. Registered without one, or left without any, it is not what it was. */
  bar(endpoint: Endpoint): void {
    const { wire, registry, clock } = this.#parts;
    const device = registry.of(endpoint, clock.now());
    const isInForce = wire.secured?.book.of(endpoint).some((each) => each.state !== 'revoked' && useOf(each) === 'management');
    if (!device || (isInForce && isSecured(device.peer))) return;
    registry.remove(endpoint);
    this.#lapsed(device, 'its credential has changed');
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #sweep(): void {
    const { registry, clock } = this.#parts;
    registry.expire(clock.now(), (device) => this.#lapsed(device, 'its registration has lapsed'));
  }

  /** It is not addressed any more, and its observations are gone with it (Core section 6.2.2). */
  #lapsed({ endpoint, peer }: Registered, why: string): void {
    const { wire, registry, operators, reader, tell, clock } = this.#parts;
    if (registry.endpointsAt(peer).length === 0) wire.coap.forgetPeer(peer);
    operators.forget(endpoint, why);
    reader.forget(endpoint);
    tell({ type: 'lapsed', endpoint, at: clock.now() });
  }
}
