import type { X509Certificate } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { OwnCertificate, PeerIdentity } from '@drover/dtls';
import type { Logger } from '@drover/platform';
import type { DeviceTrust } from '../dtls/device-trust.ts';

/** A device over NB-IoT needs a dozen seconds for a handshake, and a connection that says nothing is not kept longer. */
const HANDSHAKE_MS = 60_000;
/** Connections that have not shown yet who they are; one more is hung up on. */
const MOST_HANDSHAKES = 1000;
/** Certificates between a device's own and a root. */
const MOST_ISSUERS = 8;
/**
 * What LwM2M asks for over TCP (Transport 1.1, section 5.2), with TLS 1.2. OpenSSL counts a tag of eight bytes as weak, whatever
 * the key: without level 0 no device that has CCM_8 alone could come in.
 */
const CIPHERS = [
  'PSK-AES128-GCM-SHA256',
  'PSK-AES128-CCM8',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-CCM8',
  '@SECLEVEL=0',
].join(':');

export interface TlsListenerParts {
  readonly trust: DeviceTrust;
  readonly own?: OwnCertificate;
  /** Development only. */
  readonly keyLog?: (line: string) => void;
  /** A device that has shown who it is. */
  readonly opened: (socket: Socket, identity: PeerIdentity) => void;
  readonly log: Pick<Logger, 'debug' | 'error'>;
}

/** CoAP over TLS (`coaps+tcp`, RFC 8323 section 9), by Node's own TLS: pre-shared keys, and certificates where we have one. */
export class TlsListener {
  readonly #parts: TlsListenerParts;
  readonly #server;
  readonly #shown = new WeakMap<TLSSocket, PeerIdentity>();
  readonly #sockets = new Set<Socket>();
  /** `address:port` of handshakes under way. */
  readonly #shaking = new Set<string>();

  constructor(parts: TlsListenerParts) {
    this.#parts = parts;
    this.#server = createServer(this.#options(), (socket) => this.#onSecure(socket));
    this.#server.on('connection', (socket) => this.#keep(socket));
    const { keyLog } = parts;
    if (keyLog) this.#server.on('keylog', (line) => keyLog(line.toString('latin1').trimEnd()));
    this.#server.on('tlsClientError', ({ code }: NodeJS.ErrnoException, socket) => {
      parts.log.debug({ address: socket.remoteAddress, code }, 'a handshake over TLS came to nothing');
      socket.destroy();
    });
  }

  /** Rejects when the port cannot be had; a later failure of the listening socket is logged. */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#parts.log.error({ err: error }, 'the TLS listener failed'));
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #options(): TlsOptions {
    const { own } = this.#parts;
    const chain = own?.chain?.map((each) => pemOf(each)).join('\n');
    return {
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      ecdhCurve: 'P-256:X25519',
      handshakeTimeout: HANDSHAKE_MS,
      pskCallback: (socket: TLSSocket, identity: string) => this.#keyOf(socket, identity),
      // Whose a certificate is, is ours to judge: by the roots and the credentials of devices, as over DTLS.
      ...(chain !== undefined && {
        key: own!.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
        cert: chain,
        requestCert: true,
        rejectUnauthorized: false,
      }),
    } as TlsOptions;
  }

  #keyOf(socket: TLSSocket, identity: string): Buffer | null {
    const bytes = Buffer.from(identity, 'utf8');
    const key = this.#parts.trust.pskOf(bytes);
    if (key === undefined) return null;
    this.#shown.set(socket, { kind: 'psk', identity: bytes });
    return Buffer.from(key);
  }

  #keep(socket: Socket): void {
    const from = addressOf(socket);
    if (this.#shaking.size >= MOST_HANDSHAKES) return void socket.destroy();
    this.#sockets.add(socket);
    this.#shaking.add(from);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#shaking.delete(from);
    });
  }

  #onSecure(socket: TLSSocket): void {
    socket.on('error', () => undefined);
    this.#shaking.delete(addressOf(socket));
    const identity = this.#shown.get(socket) ?? this.#certified(socket);
    if (identity !== undefined) return this.#parts.opened(socket, identity);
    this.#parts.log.debug({ address: socket.remoteAddress }, 'a device over TLS has not shown who it is');
    socket.destroy();
  }

  #certified(socket: TLSSocket): PeerIdentity | undefined {
    const chain = chainOf(socket.getPeerX509Certificate());
    if (chain.length === 0) return undefined;
    const verdict = this.#parts.trust.verifyPeer({ kind: 'x509', chain });
    if ('alert' in verdict) return undefined;
    return { kind: 'x509', name: verdict.name, fingerprint: Buffer.from(chain[0]!.fingerprint256.replaceAll(':', ''), 'hex') };
  }
}

const addressOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

function chainOf(own: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  // A root is issued by itself.
  for (let next = own; next && chain.length <= MOST_ISSUERS; next = next.issuerCertificate) {
    if (chain.some(({ fingerprint256 }) => fingerprint256 === next!.fingerprint256)) break;
    chain.push(next);
  }
  return chain;
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----`;
}
