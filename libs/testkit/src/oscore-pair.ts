import { oscorePeer, type CoapRequest, type OscoreMark, type OscoreSecret, type RequestHandle } from '@drover/coap';
import { OscoreSide } from './oscore-side.ts';

const masterSecret = Uint8Array.from({ length: 16 }, (_, at) => 3 * at + 1);

/** A server and a device that share a context, each at its address, and the wire between them. */
export class OscorePair {
  static readonly SERVER = '192.0.2.1:5683';
  static readonly DEVICE = '192.0.2.2:5683';
  static readonly OF_SERVER: OscoreSecret = { masterSecret, senderId: Uint8Array.of(0x5e), recipientId: Uint8Array.of(0xd1) };
  static readonly OF_DEVICE: OscoreSecret = { masterSecret, senderId: Uint8Array.of(0xd1), recipientId: Uint8Array.of(0x5e) };
  static readonly READ: CoapRequest = { method: 'GET', path: ['3', '0', '3'], accept: 110 };

  readonly device = new OscoreSide(OscorePair.OF_DEVICE, 2);
  #server = new OscoreSide(OscorePair.OF_SERVER, 1);

  get server(): OscoreSide {
    return this.#server;
  }

  /** Another process, with what was on the disk of the one before. */
  restartServer(seed: number, mark?: OscoreMark): void {
    this.#server = new OscoreSide(OscorePair.OF_SERVER, seed, mark);
  }

  serverAsks(request = OscorePair.READ): RequestHandle {
    const { transport, named, now } = this.#server;
    return transport.request(oscorePeer(named.name, OscorePair.DEVICE), request, now);
  }

  deviceAsks(request = OscorePair.READ): RequestHandle {
    const { transport, named, now } = this.device;
    return transport.request(oscorePeer(named.name, OscorePair.SERVER), request, now);
  }

  /** Without protection. */
  serverAsksPlainly(request = OscorePair.READ): RequestHandle {
    return this.#server.transport.request(OscorePair.DEVICE, request, this.#server.now);
  }

  deviceAsksPlainly(request = OscorePair.READ): RequestHandle {
    return this.device.transport.request(OscorePair.SERVER, request, this.device.now);
  }

  /** Until nobody says anything more. */
  carry(keep: (bytes: Uint8Array, from: 'server' | 'device') => boolean = () => true): void {
    for (;;) {
      const [fromServer, fromDevice] = [this.#server.sent.splice(0), this.device.sent.splice(0)];
      if (fromServer.length + fromDevice.length === 0) return;
      for (const bytes of fromServer) if (keep(bytes, 'server')) this.device.take(bytes, OscorePair.SERVER);
      for (const bytes of fromDevice) if (keep(bytes, 'device')) this.#server.take(bytes, OscorePair.DEVICE);
    }
  }
}
