import { SIGNATURE_ALGORITHMS } from '../crypto/signature.ts';
import { suiteNamed, suiteOfId } from '../crypto/suites.ts';
import { DtlsError } from '../errors.ts';
import {
  CERTIFICATE_TYPE,
  rawClientExtensions,
  readClientExtensions,
  readServerExtensions,
  type ClientExtensions,
  type ServerExtensions,
} from '../handshake/extensions.ts';
import { RANDOM_BYTES, type ClientHello, type ServerHello } from '../handshake/hello.ts';
import { NO_CID, VERSION_1_2 } from '../record/record.ts';
import { hasCipher, recordLimitOf, type CertificateType } from './choices.ts';
import type { ClientContext } from './client-context.ts';
import type { Agreed } from './secrets.ts';

/** A ServerHello that may be: what it settles. */
export interface Answer {
  readonly hello: ServerHello;
  readonly agreed: Agreed;
  readonly isResumed: boolean;
  readonly willGetTicket: boolean;
  readonly serverType: CertificateType;
  readonly clientType: CertificateType;
}

const TICKET_MARK_BYTES = 16;
const typeNumber = (type: CertificateType): number => CERTIFICATE_TYPE[type];

/** Names only suites for which there are credentials. */
export function clientHello(context: ClientContext): ClientHello {
  const { settings, entropy, resume, psk } = context;
  const suites = settings.suites.map(suiteNamed);
  const usable = suites.filter(({ keyExchange }) => keyExchange === 'ecdhe_ecdsa' || psk !== undefined);
  // With a ticket the id is only a mark by which we know that the ticket was taken (RFC 5077 section 3.4).
  const sessionId = resume?.ticket ? entropy.bytes(TICKET_MARK_BYTES) : (resume?.sessionId ?? []);
  return {
    version: VERSION_1_2,
    random: Buffer.from(entropy.bytes(RANDOM_BYTES)),
    sessionId: Buffer.from(sessionId),
    cookie: Buffer.alloc(0),
    suites: usable.map(({ id }) => id),
    compressions: [0],
    extensions: rawClientExtensions(
      extensionsOf(
        context,
        usable.map(({ keyExchange }) => keyExchange),
      ),
    ),
  };
}

function extensionsOf({ settings, entropy, own, resume }: ClientContext, kinds: readonly string[]): ClientExtensions {
  const hasEcdhe = kinds.some((kind) => kind !== 'psk');
  const hasCertificates = kinds.includes('ecdhe_ecdsa');
  const clientTypes = [...(own?.rawKey ? [CERTIFICATE_TYPE.rpk] : []), ...(own?.chain ? [CERTIFICATE_TYPE.x509] : [])];
  const { cidBytes } = settings;
  return {
    renegotiationInfo: true,
    serverName: settings.serverName,
    extendedMasterSecret: settings.offersExtendedMasterSecret ? true : undefined,
    encryptThenMac: settings.offersEncryptThenMac ? true : undefined,
    connectionId: cidBytes === undefined ? undefined : Buffer.from(entropy.bytes(cidBytes)),
    maxFragmentLength: settings.maxFragmentLength,
    recordSizeLimit: settings.recordSizeLimit,
    sessionTicket: resume?.ticket ?? (settings.wantsTicket ? Buffer.alloc(0) : undefined),
    groups: hasEcdhe ? settings.groups : undefined,
    pointFormats: hasEcdhe ? true : undefined,
    signatureAlgorithms: hasCertificates ? SIGNATURE_ALGORITHMS : undefined,
    clientCertificateTypes: hasCertificates && own?.rawKey ? clientTypes : undefined,
    serverCertificateTypes: hasCertificates ? settings.serverCertificateTypes.map(typeNumber) : undefined,
  };
}

/** RFC 5246 section 7.4.1.3: nothing that we did not offer. */
export function requireAnswer(hello: ServerHello, offered: ClientHello, context: ClientContext): Answer {
  if (hello.version !== VERSION_1_2) throw new DtlsError('DTLS_PROTOCOL_VERSION', `version ${hello.version.toString(16)}`);
  if (!offered.suites.includes(hello.suite)) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `suite ${hello.suite} was not offered`);
  if (hello.compression !== 0) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `compression ${hello.compression}`);
  for (const type of hello.extensions.keys()) {
    if (!offered.extensions.has(type)) throw new DtlsError('DTLS_UNSUPPORTED_EXTENSION', `extension ${type} was not offered`);
  }
  const extensions = readServerExtensions(hello.extensions);
  requireExtensions(extensions, hello, context);
  const agreed = agreedOf(hello, offered, extensions);
  const { resume, own } = context;
  const isResumed = resume !== undefined && offered.sessionId.length > 0 && hello.sessionId.equals(offered.sessionId);
  if (isResumed && (agreed.suite.name !== resume.suite || !agreed.extendedMasterSecret)) {
    throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'resumed, and yet not as it was');
  }
  return {
    hello,
    agreed,
    isResumed,
    willGetTicket: extensions.sessionTicket === true,
    serverType: typeOf(extensions.serverCertificateType),
    clientType: own ? typeOf(extensions.clientCertificateType) : 'x509',
  };
}

function requireExtensions(extensions: ServerExtensions, { suite }: ServerHello, { settings }: ClientContext): void {
  if (settings.requireExtendedMasterSecret && !extensions.extendedMasterSecret) {
    throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'extended master secret is required');
  }
  const chosen = settings.suites.map(suiteNamed).find(({ id }) => id === suite)!;
  if (!hasCipher(chosen, { encryptThenMac: extensions.encryptThenMac })) {
    throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'CBC without encrypt-then-MAC');
  }
  if (extensions.maxFragmentLength !== undefined && extensions.maxFragmentLength !== settings.maxFragmentLength) {
    throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'another max_fragment_length than was offered');
  }
  if (extensions.maxFragmentLength !== undefined && extensions.recordSizeLimit !== undefined) {
    throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'max_fragment_length beside record_size_limit');
  }
  // Who does not answer this one will show X.509 (RFC 7250 section 4.2).
  const type = extensions.serverCertificateType ?? CERTIFICATE_TYPE.x509;
  if (chosen.keyExchange === 'ecdhe_ecdsa' && !settings.serverCertificateTypes.map(typeNumber).includes(type)) {
    throw new DtlsError('DTLS_UNSUPPORTED_CERTIFICATE', `certificate type ${type} was not offered`);
  }
}

function agreedOf(hello: ServerHello, offered: ClientHello, extensions: ServerExtensions): Agreed {
  const offer = readClientExtensions(offered.extensions).connectionId;
  const hasCid = extensions.connectionId !== undefined && offer !== undefined;
  const serverCid = hasCid ? extensions.connectionId : NO_CID;
  return {
    suite: suiteOfId(hello.suite)!,
    randoms: { client: offered.random, server: hello.random },
    extendedMasterSecret: extensions.extendedMasterSecret === true,
    clientCid: hasCid ? offer : NO_CID,
    serverCid,
    recordLimit: recordLimitOf(extensions, serverCid),
  };
}

function typeOf(number: number | undefined): CertificateType {
  return number === CERTIFICATE_TYPE.rpk ? 'rpk' : 'x509';
}
