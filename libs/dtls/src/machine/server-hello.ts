import { CERTIFICATE_TYPE, rawServerExtensions, type ServerExtensions } from '../handshake/extensions.ts';
import { encodeServerHello, SCSV } from '../handshake/hello.ts';
import { MAX_PLAINTEXT, VERSION_1_2 } from '../record/record.ts';
import type { Choice, Offer } from './choices.ts';
import type { ServerSettings } from './settings.ts';

interface HelloFacts {
  readonly settings: ServerSettings;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly serverCid: Uint8Array;
  readonly willIssueTicket: boolean;
}

/** ServerHello: only extensions that the client has named (RFC 5246 section 7.4.1.4). */
export function serverHello(offer: Offer, choice: Choice, facts: HelloFacts): Buffer {
  return encodeServerHello({
    version: VERSION_1_2,
    random: facts.random,
    sessionId: facts.sessionId,
    suite: choice.suite.id,
    compression: 0,
    extensions: rawServerExtensions(answers(offer, choice, facts)),
  });
}

function answers({ hello, extensions }: Offer, { suite, types, group }: Choice, facts: HelloFacts): ServerExtensions {
  const { settings } = facts;
  const wantsLimit = extensions.recordSizeLimit !== undefined;
  return {
    renegotiationInfo: extensions.renegotiationInfo ?? (hello.suites.includes(SCSV.renegotiation) ? true : undefined),
    extendedMasterSecret: extensions.extendedMasterSecret,
    // RFC 7366 section 3: not with a suite that has no MAC of its own.
    encryptThenMac: suite.cipher === 'aes-128-cbc-sha256' ? true : undefined,
    connectionId: extensions.connectionId === undefined ? undefined : facts.serverCid,
    // RFC 8449 section 5: with it max_fragment_length does not count, and is not answered.
    recordSizeLimit: wantsLimit ? (settings.recordSizeLimit ?? MAX_PLAINTEXT) : undefined,
    maxFragmentLength: wantsLimit ? undefined : extensions.maxFragmentLength,
    pointFormats: group !== undefined ? extensions.pointFormats : undefined,
    sessionTicket: facts.willIssueTicket ? true : undefined,
    clientCertificateType: extensions.clientCertificateTypes && types?.client && CERTIFICATE_TYPE[types.client],
    serverCertificateType: extensions.serverCertificateTypes && types && CERTIFICATE_TYPE[types.server],
  };
}
