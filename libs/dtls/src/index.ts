export { ALERT, decodeAlert, encodeAlert, type Alert, type AlertName } from './alerts.ts';
export { GROUP, type Group } from './crypto/ecdh.ts';
export { DEFAULT_SUITES, SUITES, type Suite, type SuiteName } from './crypto/suites.ts';
export { CertificateAuthority, MAX_COMMON_NAME, type Issue } from './enrolment/authority.ts';
export { certsOnly } from './enrolment/certs-only.ts';
export { EnrolmentError, type EnrolmentErrorCode } from './enrolment/errors.ts';
export { makeRequest } from './enrolment/request-writer.ts';
export { MAX_REQUEST_BYTES, readRequest, type CertificateRequest } from './enrolment/request.ts';
export { DtlsError, type DtlsErrorCode } from './errors.ts';
export type { Resumed } from './machine/client-context.ts';
export { ClientSession } from './machine/client-session.ts';
export { DEFAULT_CLIENT_SETTINGS, type ClientSettings } from './machine/client-settings.ts';
export { DtlsClient, type ClientPorts } from './machine/client.ts';
export { PeerTrust, type OwnCertificate, type PeerIdentity, type Presented, type Verdict } from './machine/identity.ts';
export { KeysAtHand } from './machine/keys-at-hand.ts';
export type { CloseReason, DtlsOutput, DtlsSink, SendOutcome, SessionHandle, SessionSave } from './machine/outputs.ts';
export type { Ending } from './machine/restoring.ts';
export { DtlsServer, type ServerPorts } from './machine/server.ts';
export { DEFAULT_SERVER_SETTINGS, DEFAULT_SETTINGS, type DtlsSettings, type ServerSettings } from './machine/settings.ts';
export {
  decodeCertificateRequest,
  decodeCertificates,
  decodeCertificateVerify,
  decodeRawKey,
  encodeCertificateRequest,
  encodeCertificates,
  encodeRawKey,
  encodeSigned,
} from './handshake/certificates.ts';
export { EXTENSION } from './handshake/extension-codec.ts';
export {
  CERTIFICATE_TYPE,
  rawClientExtensions,
  rawServerExtensions,
  readClientExtensions,
  readServerExtensions,
  type ClientExtensions,
  type ServerExtensions,
} from './handshake/extensions.ts';
export {
  decodeClientHello,
  decodeHelloVerifyRequest,
  decodeServerHello,
  encodeClientHello,
  encodeHelloVerifyRequest,
  encodeServerHello,
  SCSV,
  type ClientHello,
  type ServerHello,
} from './handshake/hello.ts';
export {
  decodeClientKeyExchange,
  decodeServerKeyExchange,
  decodeSessionTicket,
  encodeClientKeyExchange,
  encodeServerKeyExchange,
  encodeSessionTicket,
} from './handshake/key-exchange.ts';
export { encodeFragment, encodeMessage, MESSAGE, readFragments, type Fragment, type HandshakeMessage } from './handshake/message.ts';
export { Reassembly } from './handshake/reassembly.ts';
export {
  CONTENT,
  encodeRecord,
  NO_CID,
  readRecords,
  VERSION_1_0,
  VERSION_1_2,
  type DtlsRecord,
  type RecordHeader,
} from './record/record.ts';
export { judgeChain, type ChainRules } from './x509/chain.ts';
export { RevocationList } from './x509/revocation-list.ts';
