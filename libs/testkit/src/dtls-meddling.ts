import {
  CONTENT,
  decodeAlert,
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeMessage,
  encodeRecord,
  encodeServerHello,
  MESSAGE,
  NO_CID,
  readFragments,
  readRecords,
  VERSION_1_2,
} from '@drover/dtls';
import type { ClientHello, DtlsRecord, HandshakeMessage, ServerHello } from '@drover/dtls';
import type { DtlsBench, Packet } from './dtls-bench.ts';

/** What a man on the wire does to a handshake message: its new body, or `undefined` to take it out. */
export type Rewrite = (body: Buffer) => Buffer | undefined;
type Meddle = DtlsBench['meddle'];

const RECORD_HEADER_BYTES = 13;

/** Rewrites each plain message of a type on its way to one side; everything else passes. */
export function rewriting(to: Packet['to'], type: number, rewrite: Rewrite): Meddle {
  return (packet) => {
    if (packet.to !== to) return [packet];
    const records = readRecords(packet.bytes, 0);
    // Behind the plain records there may be one with a Connection ID, which cannot be taken apart here.
    const read = records.reduce((sum, { fragment }) => sum + RECORD_HEADER_BYTES + fragment.length, 0);
    const bytes = Buffer.concat([...records.map((record) => rewritten(record, type, rewrite)), packet.bytes.subarray(read)]);
    return bytes.length === 0 ? [] : [{ ...packet, bytes }];
  };
}

export const rewritingHello = (change: (hello: ClientHello) => Partial<ClientHello>): Meddle =>
  rewriting('server', MESSAGE.client_hello, (body) => {
    const hello = decodeClientHello(body);
    return encodeClientHello({ ...hello, ...change(hello) });
  });

export const rewritingAnswer = (change: (hello: ServerHello) => Partial<ServerHello>): Meddle =>
  rewriting('client', MESSAGE.server_hello, (body) => {
    const hello = decodeServerHello(body);
    return encodeServerHello({ ...hello, ...change(hello) });
  });

function rewritten(record: DtlsRecord, type: number, rewrite: Rewrite): Buffer {
  const [fragment] = record.epoch === 0 && record.type === CONTENT.handshake ? (readFragments(record.fragment) ?? []) : [];
  if (fragment === undefined || fragment.type !== type) return encodeRecord(record, record.fragment);
  const body = rewrite(fragment.bytes);
  return body === undefined ? Buffer.alloc(0) : encodeRecord(record, encodeMessage({ type, sequence: fragment.sequence, body }));
}

/** The plain handshake messages of a datagram; whole ones only. */
export function messagesOf(datagram: Uint8Array): HandshakeMessage[] {
  return readRecords(datagram, 0)
    .filter(({ epoch, type }) => epoch === 0 && type === CONTENT.handshake)
    .flatMap(({ fragment }) => readFragments(fragment) ?? [])
    .map(({ type, sequence, bytes }) => ({ type, sequence, body: bytes }));
}

/** A record that somebody makes up. */
export function forge(
  type: number,
  content: Uint8Array,
  more: { epoch?: number; sequence?: number; cid?: Uint8Array; version?: number } = {},
): Buffer {
  const { epoch = 0, sequence = 90, cid = NO_CID, version = VERSION_1_2 } = more;
  return encodeRecord({ type, version, epoch, sequence, cid }, content);
}

export const forgeMessage = (type: number, sequence: number, body: Uint8Array): Buffer =>
  forge(CONTENT.handshake, encodeMessage({ type, sequence, body }));

/** How a handshake ended for one side: `by us alert`, or `opened`. */
export function endOf(bench: DtlsBench, who: 'server' | 'client'): string {
  const [refused] = bench.said(who, 'refused');
  if (refused) return `by ${refused.by} ${String(refused.alert ?? '')}`.trim();
  return bench.said(who, 'opened').length > 0 ? 'opened' : 'nothing';
}

/** Plain alerts that were sent to a side, by name. */
export function plainAlertsTo(bench: DtlsBench, who: 'server' | 'client'): string[] {
  return bench
    .said(who === 'client' ? 'server' : 'client', 'datagram')
    .flatMap(({ bytes }) => readRecords(bytes, 0))
    .filter(({ epoch, type }) => epoch === 0 && type === CONTENT.alert)
    .map(({ fragment }) => String(decodeAlert(fragment)?.name));
}
