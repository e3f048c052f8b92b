import type { AddressInfo } from 'node:net';
import { monotonicMs, type CampaignClock, type Logger } from '@drover/platform';
import { DatagramSocket } from '../../gateway/datagram-socket.ts';
import { DueTimer } from '../../gateway/due-timer.ts';
import type { BootstrapReport } from '../../link/bootstrap.ts';
import { isOfBootstrap } from '../../link/bootstrap.ts';
import type { FromGateway, GatewayStart, ToGateway } from '../../link/messages.ts';
import { BootstrapRole, type BootstrapRoleParts } from './bootstrap-role.ts';
import type { Certify } from './configuration.ts';
import { BootstrapDoor, type BootstrapDoorParts } from './door.ts';

export interface OpenRoleParts extends Pick<BootstrapDoorParts, 'book' | 'ring' | 'own' | 'roots' | 'revocationLists' | 'keyLog'> {
  readonly start: Pick<GatewayStart, 'host' | 'bootstrapPort' | 'bootstrapsPort'>;
  readonly enrolment?: BootstrapRoleParts['enrolment'];
  readonly log: Logger;
  readonly clock: CampaignClock;
  /** Keys are there, and what the server knows of its devices. */
  readonly isOpen: () => boolean;
  readonly tell: (message: FromGateway) => void;
}

/** Certificates live by the wall's clock. */
const certifierOf =
  ({ authority, lifetime }: NonNullable<BootstrapRoleParts['enrolment']>): Certify =>
  (commonName, spki) =>
    authority.issue({ commonName, spki, now: Date.now(), lifetime });

/** The bootstrap server of this gateway: two sockets, one timer. */
export class OpenedRole {
  readonly #parts: OpenRoleParts;
  readonly #plain: DatagramSocket;
  readonly #secured: DatagramSocket;
  readonly #door: BootstrapDoor;
  readonly #role: BootstrapRole;
  readonly #timer: DueTimer;

  constructor(parts: OpenRoleParts) {
    this.#parts = parts;
    const { start, log, clock, isOpen, tell, enrolment, ...trust } = parts;
    const heard = (receive: (address: string, bytes: Uint8Array) => void) => (address: string, bytes: Uint8Array) => {
      if (isOpen()) receive(address, bytes);
    };
    const { host } = start;
    this.#plain = new DatagramSocket({ host, log, received: heard((address, bytes) => this.#door.receivePlain(address, bytes)) });
    this.#secured = new DatagramSocket({ host, log, received: heard((address, bytes) => this.#door.receiveSecured(address, bytes)) });
    this.#door = new BootstrapDoor({
      ...trust,
      log,
      clock: () => clock.now(),
      sendPlain: (address, bytes) => this.#plain.send(address, bytes),
      sendSecured: (address, bytes) => this.#secured.send(address, bytes),
      tell,
      wake: () => this.#timer.arm(),
    });
    this.#timer = new DueTimer(this.#door);
    this.#role = new BootstrapRole({
      door: this.#door,
      sealed: {
        book: trust.book,
        ring: trust.ring,
        rawKey: trust.own?.rawKey,
        certificate: trust.own?.chain?.[0],
        certify: enrolment && certifierOf(enrolment),
      },
      enrolment,
      clock: () => clock.now(),
      now: monotonicMs,
      log,
      tell: (report: BootstrapReport) => tell(report),
    });
  }

  async listen(): Promise<{ readonly plain: AddressInfo | undefined; readonly secured: AddressInfo | undefined }> {
    const { bootstrapPort, bootstrapsPort } = this.#parts.start;
    return {
      plain: bootstrapPort === 'off' ? undefined : await this.#plain.listen(bootstrapPort),
      secured: bootstrapsPort === 'off' ? undefined : await this.#secured.listen(bootstrapsPort),
    };
  }

  /** After the gateway has taken it: what concerns credentials is in its book then. */
  command(message: ToGateway): void {
    if (isOfBootstrap(message)) this.#role.handle(message);
    else if (message.type === 'credentials') for (const credential of message.credentials) this.#role.review(credential);
    this.#timer.arm();
  }

  close(done: () => void): void {
    this.#timer.stop();
    this.#role.close();
    this.#secured.close(() => this.#plain.close(done));
  }
}
