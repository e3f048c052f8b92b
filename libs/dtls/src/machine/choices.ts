import { isGroup, type Group } from '../crypto/ecdh.ts';
import { GROUP } from '../crypto/ecdh.ts';
import { ECDSA_SHA256 } from '../crypto/signature.ts';
import { suiteNamed, type Suite } from '../crypto/suites.ts';
import { DtlsError } from '../errors.ts';
import { CERTIFICATE_TYPE, type ClientExtensions } from '../handshake/extensions.ts';
import { SCSV, type ClientHello } from '../handshake/hello.ts';
import { MAX_PLAINTEXT, VERSION_1_2 } from '../record/record.ts';
import type { OwnCertificate } from './identity.ts';
import type { ServerSettings } from './settings.ts';

export type CertificateType = 'x509' | 'rpk';

/** What a server settles on, given a hello. `types` only for suites with certificates. */
export interface Choice {
  readonly suite: Suite;
  readonly group?: Group;
  readonly types?: { readonly server: CertificateType; readonly client?: CertificateType };
}

export interface Offer {
  readonly hello: ClientHello;
  readonly extensions: ClientExtensions;
}

/** Versions count downwards: 1.0 is 0xfeff and 1.2 is 0xfefd. */
function requireVersion({ version, suites }: ClientHello): void {
  if (version >> 8 === 0xfe && version <= VERSION_1_2) return;
  // RFC 7507 section 3: a client that fell back though it knows better was pushed.
  if (suites.includes(SCSV.fallback)) throw new DtlsError('DTLS_INAPPROPRIATE_FALLBACK', 'a fallback from a version that we have');
  throw new DtlsError('DTLS_PROTOCOL_VERSION', `version ${version.toString(16)}`);
}

export function requireHello({ hello, extensions }: Offer, settings: ServerSettings): void {
  requireVersion(hello);
  if (!hello.compressions.includes(0)) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'null compression is not offered');
  if (settings.requireExtendedMasterSecret && !extensions.extendedMasterSecret) {
    throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'extended master secret is required');
  }
  const { serverName } = extensions;
  if (serverName !== undefined && settings.serverNames.length > 0 && !settings.serverNames.includes(serverName)) {
    throw new DtlsError('DTLS_UNRECOGNIZED_NAME', 'not a name of ours');
  }
}

/** The first suite of ours that the client offers and both can do (RFC 5246 section 7.4.1.3). */
export function choose(offer: Offer, settings: ServerSettings, own: OwnCertificate | undefined): Choice {
  let lastFault: DtlsError | undefined;
  for (const name of settings.suites) {
    const suite = suiteNamed(name);
    if (!offer.hello.suites.includes(suite.id) || !hasCipher(suite, offer.extensions)) continue;
    const choice = chooseWithin(suite, offer.extensions, { settings, own });
    if (!(choice instanceof DtlsError)) return choice;
    lastFault = choice;
  }
  throw lastFault ?? new DtlsError('DTLS_HANDSHAKE_FAILURE', 'no suite in common');
}

/** CBC only as encrypt-then-MAC. */
export const hasCipher = ({ cipher }: Suite, { encryptThenMac }: ClientExtensions): boolean =>
  cipher !== 'aes-128-cbc-sha256' || encryptThenMac === true;

function chooseWithin(
  suite: Suite,
  extensions: ClientExtensions,
  { settings, own }: { settings: ServerSettings; own?: OwnCertificate },
): Choice | DtlsError {
  if (suite.keyExchange === 'psk') return { suite };
  const group = chooseGroup(extensions, settings);
  if (group === undefined) return new DtlsError('DTLS_HANDSHAKE_FAILURE', 'no group in common');
  if (suite.keyExchange === 'ecdhe_psk') return { suite, group };
  const types = own && chooseTypes(extensions, settings, own);
  if (types === undefined) return new DtlsError('DTLS_UNSUPPORTED_CERTIFICATE', 'no certificate type in common');
  if (!extensions.signatureAlgorithms?.includes(ECDSA_SHA256)) return new DtlsError('DTLS_HANDSHAKE_FAILURE', 'no signature in common');
  if (extensions.groups?.includes(GROUP.secp256r1) === false) return new DtlsError('DTLS_HANDSHAKE_FAILURE', 'our key is on P-256');
  return { suite, group, types };
}

/** A client that names no groups takes any (RFC 8422 section 4): then the one that every device has. */
function chooseGroup({ groups }: ClientExtensions, settings: ServerSettings): Group | undefined {
  if (groups === undefined) return settings.groups.includes(GROUP.secp256r1) ? GROUP.secp256r1 : undefined;
  return settings.groups.find((group) => groups.filter(isGroup).includes(group));
}

/** RFC 7250 section 4: the client names types in its order of preference; who names none means X.509. */
function chooseTypes(extensions: ClientExtensions, settings: ServerSettings, own: OwnCertificate): Choice['types'] {
  const server = pick(extensions.serverCertificateTypes, (type) => (type === 'x509' ? own.chain : own.rawKey) !== undefined);
  if (server === undefined) return undefined;
  if (settings.clientAuthentication === 'none') return { server };
  const client = pick(extensions.clientCertificateTypes, () => true);
  return client && { server, client };
}

function pick(offered: readonly number[] | undefined, isPossible: (type: CertificateType) => boolean): CertificateType | undefined {
  for (const number of offered ?? [CERTIFICATE_TYPE.x509]) {
    const type = number === CERTIFICATE_TYPE.x509 ? 'x509' : number === CERTIFICATE_TYPE.rpk ? 'rpk' : undefined;
    if (type !== undefined && isPossible(type)) return type;
  }
  return undefined;
}

/**
 * Most bytes of content in a record to the peer: its record_size_limit, or where it sent none the max_fragment_length (RFC
 * 8449 section 5). With a Connection ID the limit covers the type byte too.
 */
export function recordLimitOf(extensions: Pick<ClientExtensions, 'recordSizeLimit' | 'maxFragmentLength'>, writeCid: Uint8Array): number {
  if (extensions.recordSizeLimit === undefined) return extensions.maxFragmentLength ?? MAX_PLAINTEXT;
  return Math.min(MAX_PLAINTEXT, extensions.recordSizeLimit) - (writeCid.length > 0 ? 1 : 0);
}
