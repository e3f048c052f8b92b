import { createPrivateKey, createPublicKey } from 'node:crypto';
import { DtlsClient, DtlsServer, PeerTrust, type ClientPorts, type OwnCertificate, type ServerSettings } from '@drover/dtls';
import type { ClientSettings, DtlsSink, Presented, SessionHandle, Verdict } from '@drover/dtls';
import type { Entropy } from '@drover/kernel';

export const GOOD = 'urn:dev:good';
export const EVIL = 'urn:dev:evil';
const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
export const HOME = '192.0.2.1:1';
export const STRANGERS = ['198.51.100.1:1', '198.51.100.2:2', '[2001:db8::1]:3'] as const;
export const SERVER_CID_BYTES = 6;
export const CLIENT_CID_BYTES = 3;

/** Small, so that a play reaches them. */
export const LIMITS = { maxHalfOpen: 3, maxHalfOpenPerHost: 2, maxSessions: 3, maxSessionsPerIdentity: 2, maxResumable: 2 } as const;

const ownOf = (der: string): OwnCertificate => {
  const privateKey = createPrivateKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'pkcs8' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  return { privateKey, rawKey: createPublicKey(pem).export({ format: 'der', type: 'spki' }) };
};
/** Made for this; they are nobody's. */
const SERVER = ownOf(
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8y+0izZf2RI+jwPp+ovGRxWZSZl9jE1L6tBoQWqAvD+hRANCAATSxw2cR/e6azJ08tcNsuBEahumAT6+cdppRwzKBW3yaHE6ufaJIiMPmvYtLqPsV8CU+dXMV+U7G5lS1JJ5zow2',
);
const DEVICE = ownOf(
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8Pb01YYO46ozAEZjs+PbAPuK1Qdoac003hd6xRWVRNqhRANCAASFxTfhR3dXdWBhnXGw2tCoY3HhOP/YvFS9yal9TCc3Ov7ot6W4F0hQG7Yq+1CukLfX/I4060QeWm0i2txvn7XR',
);

class Trust extends PeerTrust {
  override pskOf(identity: Uint8Array): Uint8Array | undefined {
    return Buffer.from(identity).toString() === GOOD ? KEY : undefined;
  }

  override verifyPeer(presented: Presented): Verdict {
    const known = [SERVER, DEVICE].map(({ rawKey }) => Buffer.from(rawKey!));
    return presented.kind === 'rpk' && known.some((key) => key.equals(presented.spki)) ? { name: GOOD } : { alert: 'unknown_ca' };
  }
}

/** How the two of a play talk. */
export interface Manner {
  readonly hasCid: boolean;
  readonly hasCertificates: boolean;
  readonly wantsTicket: boolean;
  readonly mtu: number;
  /** Numbers reserved at a time; 0: nothing is saved. */
  readonly reserve: number;
}

export function serverOf(sink: DtlsSink, entropy: Entropy, { hasCid, mtu, reserve }: Manner): DtlsServer {
  const settings: Partial<ServerSettings> = { ...LIMITS, cidBytes: hasCid ? SERVER_CID_BYTES : 0, mtu, reserve };
  return new DtlsServer({ sink, entropy, trust: new Trust(), own: SERVER }, settings);
}

/** Evil knows an identity, but not its key. */
export function clientOf(
  sink: DtlsSink,
  entropy: Entropy,
  manner: Manner,
  more: Partial<ClientPorts> & { isEvil?: boolean } = {},
): DtlsClient {
  const { hasCid, hasCertificates, wantsTicket, mtu } = manner;
  const { isEvil = false, ...ports } = more;
  const psk = { identity: Buffer.from(isEvil ? EVIL : GOOD), key: isEvil ? Buffer.alloc(16, 9) : KEY };
  const settings: Partial<ClientSettings> = {
    suites: [hasCertificates && !isEvil ? 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8' : 'TLS_PSK_WITH_AES_128_CCM_8'],
    serverCertificateTypes: ['rpk'],
    cidBytes: hasCid ? CLIENT_CID_BYTES : undefined,
    wantsTicket,
    mtu,
  };
  return new DtlsClient({ sink, entropy, trust: new Trust(), psk, own: DEVICE, server: 'server:5684', ...ports }, settings);
}

/** A session as it is written down. */
export function stateOf(entropy: Entropy): Uint8Array {
  const manner = { hasCid: true, hasCertificates: false, wantsTicket: false, mtu: 1200, reserve: 4 };
  const toClient: Buffer[] = [];
  const toServer: Buffer[] = [];
  const sessions: SessionHandle[] = [];
  const server = serverOf(
    (output) => {
      if (output.type === 'datagram') toClient.push(output.bytes);
      if (output.type === 'opened') sessions.push(output.session);
    },
    entropy,
    manner,
  );
  const client = clientOf((output) => output.type === 'datagram' && toServer.push(output.bytes), entropy, manner);
  client.connect(0);
  while (toServer.length + toClient.length > 0) {
    for (const bytes of toServer.splice(0)) server.receive(HOME, bytes, 0);
    for (const bytes of toClient.splice(0)) client.receive(bytes, 0);
  }
  return server.export(sessions[0]!)!;
}
