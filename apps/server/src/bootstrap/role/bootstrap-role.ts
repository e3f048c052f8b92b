import { BlockAssembly, CODE, type CoapOutput, type IncomingHandle, type IncomingRequest } from '@drover/coap';
import { EnrolmentError, type CertificateAuthority } from '@drover/dtls';
import { CredentialError } from '@drover/credentials';
import type { Endpoint, Instant } from '@drover/kernel';
import { bootstrapPack, CONTENT_FORMAT, LIMITS, type BootstrapConfiguration } from '@drover/lwm2m';
import type { Logger } from '@drover/platform';
import { ToldPerMinute } from '../../gateway/told-per-minute.ts';
import type { Correlated, Requester } from '../../gateway/operations/exchange.ts';
import type { BootstrapCommand, BootstrapOrder, BootstrapReport, BootstrapWay } from '../../link/bootstrap.ts';
import { isSecured, type SharedCredential } from '../../link/security.ts';
import { readRequest, type Asked, type Refused } from './bootstrap-question.ts';
import { configurationOf, forgetKeys, type Sealed } from './configuration.ts';
import type { BootstrapDoor } from './door.ts';
import { enrolmentPath, Enrolments } from './enrolments.ts';
import { madeOf } from './made-certificate.ts';
import { Packs } from './packs.ts';
import { RequestLimits } from './request-limits.ts';
import { SessionRun } from './session-run.ts';

/** The wire, as far as the role needs it. */
export interface Door extends Pick<BootstrapDoor, 'entropy' | 'listen' | 'respond' | 'credentialAt' | 'review'> {
  readonly coap: Requester;
}

export interface BootstrapRoleParts {
  readonly door: Door;
  readonly sealed: Sealed;
  /** Signs certificates of devices, which live so long, ms. */
  readonly enrolment?: { readonly authority: CertificateAuthority; readonly lifetime: number } | undefined;
  readonly clock: () => Instant;
  readonly now: () => number;
  readonly log: Pick<Logger, 'debug' | 'error'>;
  readonly tell: (report: BootstrapReport) => void;
}

/** Devices at a time that are being written, or that wait for the engine; apart for those that have shown nothing. */
export const MAX_SESSIONS = { secured: 500, plain: 50 } as const;
/** Absent: it has all of it. */
type Ended = (failure?: { readonly at: string; readonly why: string }) => void;
/** What is to be written when the engine has kept that its certificate was made. */
interface Held {
  readonly asked: Asked;
  readonly configuration: BootstrapConfiguration;
  readonly ended: Ended;
}
/** Worth another try, s. */
const BUSY_S = 60;

/**
 * The bootstrap server: on ports, sessions and credentials of its own, which open nothing else. It decides nothing: the engine
 * says what a device gets, when that is on the disk.
 */
export class BootstrapRole {
  readonly #parts: BootstrapRoleParts;
  readonly #refusals: ToldPerMinute;
  readonly #limits: RequestLimits;
  readonly #packs: Packs;
  readonly #enrolments: Enrolments;
  readonly #bodies = new BlockAssembly({ maxBodyBytes: LIMITS.bytes });
  readonly #asked = new Map<number, Asked>();
  readonly #held = new Map<number, Held>();
  readonly #runs = new Map<Endpoint, SessionRun>();
  #lastId = 0;

  constructor(parts: BootstrapRoleParts) {
    this.#parts = parts;
    this.#refusals = new ToldPerMinute(parts.now);
    this.#limits = new RequestLimits(parts.now());
    this.#packs = new Packs(parts.door.entropy);
    this.#enrolments = new Enrolments({
      ...parts,
      authority: parts.enrolment?.authority,
      lifetime: parts.enrolment?.lifetime ?? 0,
      packs: this.#packs,
      wall: () => Date.now(),
      refuse: (from, credential, code) => this.#refuse({ ...from, identity: credential?.identity, endpoint: credential?.endpoint }, code),
      admits: ({ peer, handle }, { endpoint, identity }) => this.#admits({ peer, handle, endpoint, identity }),
    });
    parts.door.listen({ output: (output) => this.#onOutput(output), closed: (peer) => this.#packs.forget(peer) });
  }

  handle(command: BootstrapCommand): void {
    if (command.type === 'enrolment-allow' || command.type === 'enrolment-deny') return this.#enrolments.handle(command);
    const asked = this.#asked.get(command.id);
    this.#asked.delete(command.id);
    if (command.type === 'bootstrap-give') return asked && this.#give(asked, command);
    const held = this.#held.get(command.id);
    this.#held.delete(command.id);
    if (command.type === 'bootstrap-write') return held && this.#begin(held);
    if (held) this.#failed(held, `${command.code}: its certificate was not written down`);
    else if (asked) this.#refuse(asked, command.code);
  }

  /** After a credential has changed: a factory key that was revoked ends what was begun with it. */
  review(credential: SharedCredential): void {
    this.#parts.door.review(credential);
  }

  get load(): Readonly<Record<keyof typeof MAX_SESSIONS, number>> {
    const held = [...this.#held.values()].map(({ asked }) => asked);
    const peers = [...this.#asked.values(), ...held, ...this.#runs.values()].map(({ peer }) => isSecured(peer));
    const secured = peers.filter(Boolean).length;
    return { secured, plain: peers.length - secured };
  }

  close(): void {
    for (const run of this.#runs.values()) run.abort('the server stops');
    for (const { configuration } of this.#held.values()) forgetKeys(configuration);
  }

  #onOutput(output: CoapOutput): void {
    switch (output.type) {
      case 'request':
        return this.#onRequest(output.peer, output.handle, output.request);
      case 'response':
        return (output.handle.correlation as Correlated | undefined)?.onResponse(output.response, output.retransmissions);
      case 'failed':
        return (output.handle.correlation as Correlated | undefined)?.onFailed();
      case 'datagram':
      case 'notification':
        return;
    }
  }

  #onRequest(peer: string, handle: IncomingHandle, request: IncomingRequest): void {
    const path = request.options.uriPath.join('/');
    const { block2 } = request.options;
    const enrolment = enrolmentPath(request.options.uriPath);
    if (enrolment !== undefined) return this.#enrolments.onRequest(enrolment, { peer, handle, request });
    if (path === 'bs' && request.method === 'POST') return this.#onBootstrapRequest('session', { peer, handle, request });
    if (path !== 'bspack') return this.#answer(handle, path === 'bs' ? CODE.METHOD_NOT_ALLOWED : CODE.NOT_FOUND);
    if (request.method !== 'GET') return this.#answer(handle, CODE.METHOD_NOT_ALLOWED);
    if (block2 === undefined || block2.num === 0) return this.#onBootstrapRequest('pack', { peer, handle, request });
    const further = this.#packs.further(peer, block2, this.#parts.now());
    this.#parts.door.respond(handle, further ?? { code: CODE.REQUEST_ENTITY_INCOMPLETE });
  }

  #onBootstrapRequest(via: BootstrapWay, from: Pick<Asked, 'peer' | 'handle' | 'request'>): void {
    const { door, sealed } = this.#parts;
    const credential = door.credentialAt(from.peer);
    const read = readRequest(via, from, { credential, book: sealed.book });
    if (read.type === 'refused') return this.#refuse(read.from, read.code, read.why);
    const { asked } = read;
    const { endpoint } = asked;
    const kind = isSecured(from.peer) ? 'secured' : 'plain';
    const isBusy = this.load[kind] >= MAX_SESSIONS[kind] && !this.#runs.has(endpoint);
    if (isBusy) return this.#putOff(asked, 'TOO_MANY_SESSIONS');
    if (!this.#admits(asked)) return;
    const id = ++this.#lastId;
    this.#asked.set(id, asked);
    const by = credential && { kind: credential.kind, identity: credential.identity };
    this.#parts.tell({ type: 'bootstrap-asked', id, at: this.#parts.clock(), endpoint, via, ...(by && { by }) });
  }

  #admits(from: Pick<Asked, 'peer' | 'handle' | 'endpoint' | 'identity'>): boolean {
    const { clock, now } = this.#parts;
    const admits = this.#limits.admits(from.endpoint, isSecured(from.peer) ? 'secured' : 'plain', { own: clock(), now: now() });
    if (!admits) this.#putOff(from, 'ASKS_TOO_OFTEN');
    return admits;
  }

  #give(asked: Asked, { id, endpoint, order }: Extract<BootstrapCommand, { type: 'bootstrap-give' }>): void {
    this.#endBefore(endpoint);
    const opened = this.#opened(order);
    const ended: Ended = (failure) =>
      this.#parts.tell({ type: 'bootstrap-ended', id, at: this.#parts.clock(), endpoint, ...(failure && { failure }) });
    if (opened.type === 'failed') return this.#failed({ asked, ended }, opened.why);
    const held = { asked, configuration: opened.configuration, ended };
    if (opened.certified === undefined) return this.#begin(held);
    this.#held.set(id, held);
    const { credential, certificate } = opened.certified;
    this.#parts.tell({ type: 'certificate-made', id, at: this.#parts.clock(), endpoint, credential, certificate: madeOf(certificate) });
  }

  #begin({ asked, configuration, ended }: Held): void {
    this.#endBefore(asked.endpoint);
    if (asked.via === 'pack') {
      this.#givePack(asked, configuration);
      return ended();
    }
    this.#answer(asked.handle, CODE.CHANGED);
    this.#write(asked, configuration, ended);
  }

  /** It has begun anew, and does not go on with what was before. */
  #endBefore(endpoint: Endpoint): void {
    this.#runs.get(endpoint)?.abort('the device began anew');
  }

  /** Before anything was written. `why` begins with a code. */
  #failed({ asked, ended, configuration }: Omit<Held, 'configuration'> & Partial<Held>, why: string): void {
    if (configuration) forgetKeys(configuration);
    ended({ at: 'before the session', why });
    this.#refuse(asked, why.split(':')[0]!);
  }

  #opened(order: BootstrapOrder): ReturnType<typeof configurationOf> {
    try {
      return configurationOf(order, this.#parts.sealed);
    } catch (error) {
      if (!(error instanceof CredentialError) && !(error instanceof EnrolmentError)) throw error;
      this.#parts.log.error({ err: error }, 'a key cannot be opened, or not be certified');
      return { type: 'failed', why: `${error.code}: ${error.message}` };
    }
  }

  #write({ peer, endpoint, preferredFormat }: Asked, configuration: BootstrapConfiguration, ended: Ended): void {
    const { door, now } = this.#parts;
    const run: SessionRun = new SessionRun({
      coap: door.coap,
      now,
      bodies: this.#bodies,
      peer,
      configuration,
      preferredFormat,
      ended: ({ failure }) => {
        if (this.#runs.get(endpoint) === run) this.#runs.delete(endpoint);
        ended(failure);
      },
    });
    this.#runs.set(endpoint, run);
    run.start();
  }

  #givePack({ peer, handle, request }: Asked, configuration: BootstrapConfiguration): void {
    const contentFormat = request.options.accept ?? CONTENT_FORMAT.SENML_CBOR;
    const payload = bootstrapPack(configuration, contentFormat);
    forgetKeys(configuration);
    const { door, now } = this.#parts;
    door.respond(handle, this.#packs.first(peer, { payload, contentFormat }, request.options.block2, now()));
  }

  #refuse(from: Refused, code: string, why = code): void {
    this.#noteRefusal(from, code);
    this.#parts.door.respond(from.handle, {
      code: code === 'FORMAT_UNKNOWN' ? CODE.NOT_ACCEPTABLE : CODE.BAD_REQUEST,
      payload: Buffer.from(why),
    });
  }

  /** No fault of its own, or not for long. */
  #putOff(from: Pick<Asked, 'peer' | 'handle' | 'endpoint' | 'identity'>, code: string): void {
    this.#noteRefusal(from, code);
    this.#parts.door.respond(from.handle, { code: CODE.SERVICE_UNAVAILABLE, options: { maxAge: BUSY_S } });
  }

  #noteRefusal({ peer, endpoint, identity }: Omit<Refused, 'handle'>, code: string): void {
    const { tell, clock } = this.#parts;
    const who = { from: peer, ...(endpoint && { endpoint }), ...(identity !== undefined && { identity }) };
    this.#refusals.note((count) => tell({ type: 'bootstrap-refused', at: clock(), code, count, ...who }));
  }

  #answer(handle: IncomingHandle, code: number): void {
    this.#parts.door.respond(handle, { code });
  }
}
