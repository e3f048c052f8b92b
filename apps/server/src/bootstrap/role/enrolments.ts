import { BlockAssembly, CODE, type CoapResponse, type IncomingHandle, type IncomingRequest } from '@drover/coap';
import { certsOnly, EnrolmentError, MAX_REQUEST_BYTES, readRequest, type CertificateAuthority } from '@drover/dtls';
import type { Instant } from '@drover/kernel';
import { bodyOf } from '../../gateway/body-in-blocks.ts';
import type { BootstrapCommand, BootstrapReport } from '../../link/bootstrap.ts';
import { isSecured, type SharedCredential } from '../../link/security.ts';
import type { BootstrapDoor } from './door.ts';
import { madeOf } from './made-certificate.ts';
import type { Packs } from './packs.ts';

/** Who asks, and what. */
export interface Enrolling {
  readonly peer: string;
  readonly handle: IncomingHandle;
  readonly request: IncomingRequest;
}

export interface EnrolmentParts {
  readonly door: Pick<BootstrapDoor, 'respond' | 'credentialAt'>;
  /** Without it there are no certificates here. */
  readonly authority: CertificateAuthority | undefined;
  /** Of a certificate, ms. */
  readonly lifetime: number;
  readonly packs: Packs;
  readonly clock: () => Instant;
  readonly now: () => number;
  /** Certificates live by the wall's clock, ms since 1970. */
  readonly wall: () => number;
  readonly tell: (report: BootstrapReport) => void;
  readonly refuse: (from: Enrolling, credential: SharedCredential | undefined, code: string) => void;
  /** Whether it may ask now; it has been answered where not. */
  readonly admits: (from: Enrolling, credential: SharedCredential) => boolean;
}

type Answer = Extract<BootstrapCommand, { type: 'enrolment-allow' | 'enrolment-deny' }>;
/** A certificate that nobody has seen before the engine has written down that it was made. */
type Made = Enrolling & { readonly credential: SharedCredential; readonly certificate: Buffer; readonly format: number };

/** RFC 9148 section 4.3. */
const FORMAT = { CERTS_ONLY: 281, PKCS10: 286, PKIX_CERT: 287 } as const;
const ANSWERED_IN: readonly number[] = [FORMAT.CERTS_ONLY, FORMAT.PKIX_CERT];
/** Certificates that wait for the engine. */
const MOST_WAITING = 500;

/** The name of what is asked for, by the long path or the short one; `undefined`: it is something else. */
export function enrolmentPath(path: readonly string[]): string | undefined {
  const [first, second, third, ...more] = path[0] === '.well-known' ? path.slice(1) : path;
  return first === 'est' && second !== undefined && third === undefined && more.length === 0 ? second : undefined;
}

/** Enrolment over CoAP (EST, RFC 9148): devices that have shown a factory key have a key of their own certified. */
export class Enrolments {
  readonly #parts: EnrolmentParts;
  readonly #bodies = new BlockAssembly({ maxBodyBytes: MAX_REQUEST_BYTES });
  readonly #waiting = new Map<number, Made>();
  #lastId = 0;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  onRequest(name: string, from: Enrolling): void {
    const { authority, packs, now } = this.#parts;
    const { method, options } = from.request;
    const [wanted, work] =
      name === 'crts'
        ? ['GET', () => this.#showAuthority(from)]
        : name === 'sen' || name === 'sren'
          ? ['POST', () => this.#enrol(from)]
          : [];
    if (authority === undefined || work === undefined) return this.#respond(from, { code: CODE.NOT_FOUND });
    // Over DTLS alone (RFC 9148 section 3): certificates are longer answers than an address that nobody knows may have.
    if (!isSecured(from.peer)) return this.#parts.refuse(from, undefined, 'ENDPOINT_NEEDS_DTLS');
    if (method !== wanted) return this.#respond(from, { code: CODE.METHOD_NOT_ALLOWED });
    if (options.accept !== undefined && !ANSWERED_IN.includes(options.accept)) return this.#respond(from, { code: CODE.NOT_ACCEPTABLE });
    const isFurther = options.block2 !== undefined && options.block2.num > 0;
    if (!isFurther) return work();
    this.#respond(from, packs.further(from.peer, options.block2!, now()) ?? { code: CODE.REQUEST_ENTITY_INCOMPLETE });
  }

  handle(command: Answer): void {
    const made = this.#waiting.get(command.id);
    this.#waiting.delete(command.id);
    if (made === undefined) return;
    if (command.type === 'enrolment-deny') this.#parts.refuse(made, made.credential, command.code);
    else this.#hand(made, made.certificate, made.format);
  }

  #showAuthority(from: Enrolling): void {
    this.#hand(from, this.#parts.authority!.certificate.raw, formatOf(from));
  }

  #enrol(from: Enrolling): void {
    const { door, refuse, admits } = this.#parts;
    if (from.request.options.contentFormat !== FORMAT.PKCS10 && (from.request.options.block1?.num ?? 0) === 0)
      return this.#respond(from, { code: CODE.UNSUPPORTED_CONTENT_FORMAT });
    const whole = bodyOf(this.#bodies, { peer: from.peer, path: 'est', request: from.request }, this.#parts.now());
    if ('response' in whole) return this.#respond(from, whole.response);
    const credential = door.credentialAt(from.peer);
    if (credential === undefined) return refuse(from, undefined, 'CREDENTIAL_REVOKED');
    if (!admits(from, credential)) return;
    const certificate = this.#certify(whole.body, credential.endpoint);
    if (typeof certificate === 'string') return refuse(from, credential, certificate);
    this.#ask({ ...from, credential, certificate, format: formatOf(from) });
  }

  /** A text is why there is none. */
  #certify(body: Uint8Array, endpoint: string): Buffer | string {
    const { authority, lifetime, wall } = this.#parts;
    try {
      const { spki, commonName = endpoint } = readRequest(body);
      if (commonName !== endpoint) return 'SUBJECT_NOT_YOURS';
      return authority!.issue({ commonName, spki, now: wall(), lifetime });
    } catch (error) {
      if (error instanceof EnrolmentError) return error.code;
      throw error;
    }
  }

  #ask(made: Made): void {
    const { tell, clock } = this.#parts;
    if (this.#waiting.size >= MOST_WAITING) return this.#respond(made, { code: CODE.SERVICE_UNAVAILABLE, options: { maxAge: 60 } });
    const id = ++this.#lastId;
    this.#waiting.set(id, made);
    const { kind, identity, endpoint } = made.credential;
    tell({ type: 'enrolment-asked', id, at: clock(), endpoint, by: { kind, identity }, certificate: madeOf(made.certificate) });
  }

  #hand(to: Enrolling, certificate: Buffer, contentFormat: number): void {
    const payload = contentFormat === FORMAT.PKIX_CERT ? certificate : certsOnly([certificate]);
    const { packs, now } = this.#parts;
    const { options } = to.request;
    const response = packs.first(to.peer, { payload: Uint8Array.from(payload), contentFormat }, options.block2, now());
    const block1 = options.block1 && { block1: options.block1 };
    const code = to.request.method === 'POST' ? CODE.CHANGED : CODE.CONTENT;
    this.#respond(to, response.code === CODE.CONTENT ? { ...response, code, options: { ...response.options, ...block1 } } : response);
  }

  #respond({ handle }: Enrolling, response: CoapResponse): void {
    this.#parts.door.respond(handle, response);
  }
}

/** Whoever does not say gets what every server has (RFC 9148 section 4.3). */
const formatOf = ({ request }: Enrolling): number => request.options.accept ?? FORMAT.CERTS_ONLY;
