import { X509Certificate } from 'node:crypto';
import { CoapEndpoint, CODE, decodeMessage, readOptions } from '@drover/coap';
import type { CoapMessage, CoapOutput, IncomingResponse } from '@drover/coap';
import { CredentialBook, packMaterial } from '@drover/credentials';
import { CertificateAuthority } from '@drover/dtls';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { createLogger } from '@drover/platform';
import { certificateDer, privateKeyOf } from '@drover/testkit';
import { BootstrapRole, MAX_SESSIONS } from '../../../apps/server/src/bootstrap/role/bootstrap-role.ts';
import type { Door } from '../../../apps/server/src/bootstrap/role/bootstrap-role.ts';
import { Transports } from '../../../apps/server/src/gateway/transports.ts';
import type { AccountOrder, BootstrapReport } from '../../../apps/server/src/link/bootstrap.ts';
import type { SharedCredential } from '../../../apps/server/src/link/security.ts';
import { Accounts } from '../../../apps/simulator/src/device/accounts.ts';
import { Script } from '../script.ts';
import { demand, fromHex } from '../target.ts';
import type { Target } from '../target.ts';
import { answerFrom, requestFrom } from './bootstrap-talk.ts';
import { datagramFrom, FixedEntropy, PAUSES } from './coap-talk.ts';

/** The honest device, one whose owner is not, and one whose factory key was revoked, by their sessions; strangers have none. */
const SESSIONS = ['dtls:good', 'dtls:bad', 'dtls:gone'] as const;
const HOME = SESSIONS[0];
const STRANGERS = ['198.51.100.1:1', '198.51.100.2:2'] as const;
const HOSTILE = [...SESSIONS.slice(1), ...STRANGERS];
const SERVER = 'server';
const MAX_STEPS = 60;
/** A block of 1024 bytes with the options around it. */
const LARGEST = 1152;
const LONG_MS = 1_200_000;
const log = createLogger('silent', 'fuzz');

const authority = new CertificateAuthority(new X509Certificate(certificateDer('enrolment')), privateKeyOf('enrolment'), new FixedEntropy());
const PKCS8 = privateKeyOf('device').export({ format: 'der', type: 'pkcs8' });
/** The private part of it, as it stands in PKCS #8. */
const SCALAR = PKCS8.subarray(36, 60);

/** A secret for each endpoint: where it is seen, it was given. */
const secretOf = (endpoint: string): Buffer => Buffer.from(`secret of ${endpoint}!!`.padEnd(24, '?'));
const packed = (endpoint: string): Uint8Array =>
  packMaterial({ masterSecret: secretOf(endpoint), senderId: Uint8Array.of(1, 2), recipientId: Uint8Array.of(3) });
const ENDPOINTS = ['good', 'bad', 'gone', 'new'];
const MODES = ['PSK', 'X509', 'OSCORE'] as const;
const KINDS = { PSK: 'psk', X509: 'x509', OSCORE: 'oscore' } as const;

/** A bootstrap server, an engine that answers when it likes, an honest device, and some that are not. */
class Play {
  readonly #script: Script;
  readonly #role: BootstrapRole;
  readonly #transports: Transports;
  readonly #device: CoapEndpoint;
  readonly #accounts = new Accounts(undefined);
  readonly #book = new CredentialBook<SharedCredential>();
  readonly #before = new Map<string, CoapMessage>();
  readonly #received = new Map<string, number>();
  readonly #sent = new Map<string, number>();
  /** Questions to the engine that have no answer yet, and sessions that have no end. */
  readonly #questions = new Map<string, Exclude<BootstrapReport, { type: 'bootstrap-ended' | 'bootstrap-refused' }>>();
  readonly #given = new Set<number>();
  /** Endpoints whose keys somebody may have seen, by where they may be sent. */
  readonly #leaves = new Set<string>();
  #enrolled = 0;
  #heard: { output(output: CoapOutput): void; closed(peer: string): void } | undefined;
  #wires: (() => void)[] = [];
  #answer: IncomingResponse | undefined;
  #now = 1;

  constructor(script: Script) {
    this.#script = script;
    const entropy = new FixedEntropy();
    this.#transports = new Transports({
      sink: (output) => this.#heard?.output(output),
      sendDatagram: (peer, bytes) => this.#leave(peer, bytes),
      sendSecured: (peer, bytes) => this.#leave(peer, bytes),
      writeStream: () => demand(false, 'there are no streams here'),
      closeStream: () => undefined,
      entropy,
      settings: {},
    });
    const door: Door = {
      entropy,
      coap: this.#transports,
      listen: (listener) => (this.#heard = listener),
      respond: (handle, response) => this.#transports.respond(handle, response, this.#now),
      credentialAt: (peer) => this.#factoryAt(peer),
      review: () => undefined,
    };
    this.#role = new BootstrapRole({
      door,
      sealed: {
        book: this.#book,
        ring: { open: (_sealed, { kind, endpoint }) => this.#opened(kind, endpoint) },
        rawKey: undefined,
        certificate: certificateDer('server'),
        certify: (commonName, spki) => authority.issue({ commonName, spki, now: Date.now(), lifetime: 86_400_000 }),
      },
      enrolment: { authority, lifetime: 86_400_000 },
      clock: () => Instant(this.#now),
      now: () => this.#now,
      log,
      tell: (report) => this.#told(report),
    });
    for (const name of ENDPOINTS) this.#know(name);
    const maxAmplification = Number.POSITIVE_INFINITY;
    this.#device = new CoapEndpoint((output) => this.#onDevice(output), entropy, { maxAmplification });
  }

  run(): void {
    try {
      for (let step = 0; step < MAX_STEPS && !this.#script.isOver; step++) {
        this.#step();
        this.#settle();
      }
      this.#comeWell();
    } finally {
      this.#role.close();
    }
  }

  /** Whatever the others did, and however late the engine was: the honest device is given its account. */
  #comeWell(): void {
    for (let rest = 0; rest < 3; rest++) this.#pass(LONG_MS);
    this.#answerAll();
    this.#pass(LONG_MS);
    this.#ask();
    this.#answerAll();
    demand(this.#answer?.code === CODE.CHANGED, `the honest device is answered ${this.#answer?.code ?? 'nothing'}`);
    demand(this.#accounts.account !== undefined, 'the honest device has no account');
    const { secured, plain } = this.#role.load;
    demand(plain === 0 && secured === 0, `${secured} and ${plain} sessions have no end`);
  }

  #know(name: string): void {
    const common = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint(name) } as const;
    if (name !== 'new')
      this.#book.put({
        ...common,
        kind: 'psk',
        use: 'bootstrap',
        identity: `factory ${name}`,
        state: name === 'gone' ? 'revoked' : 'active',
      });
    for (const mode of MODES)
      this.#book.put({ ...common, kind: KINDS[mode], identity: name, state: 'next', secret: { key: 'k', box: '' } });
  }

  #factoryAt(peer: string): SharedCredential | undefined {
    const known = this.#book.with('psk', `factory ${peer.replace('dtls:', '')}`);
    return peer.startsWith('dtls:') && known?.state === 'active' ? known : undefined;
  }

  #opened(kind: string, endpoint: string): Buffer {
    if (kind === 'x509') return Buffer.from(PKCS8);
    return kind === 'oscore' ? Buffer.from(packed(endpoint)) : secretOf(endpoint);
  }

  #settle(): void {
    for (let rounds = 0; rounds < 3000; rounds++) {
      const wire = this.#wires.shift();
      if (wire === undefined) return;
      wire();
    }
    demand(false, 'they talk without end');
  }

  #pass(ms: number): void {
    this.#now += ms;
    this.#transports.advance(this.#now);
    this.#device.advance(this.#now);
    this.#settle();
  }

  /** What the server sends: within its size, no key for the wrong one, and little to whom nobody knows. */
  #leave(peer: string, bytes: Uint8Array): void {
    demand(bytes.length <= LARGEST, `a datagram of ${bytes.length} bytes`);
    const message = decodeMessage(bytes);
    const { contentFormat } = readOptions(message).options;
    const text = Buffer.from(bytes);
    for (const endpoint of ENDPOINTS)
      demand(!text.includes(secretOf(endpoint)) || this.#leaves.has(`${endpoint} ${placeOf(peer)}`), `a key of ${endpoint} for ${peer}`);
    demand(!text.includes(SCALAR) || this.#leaves.has(`x509 ${placeOf(peer)}`), 'a private key before its certificate is written down');
    const isCertificate = message.code === CODE.CHANGED && (contentFormat === 287 || contentFormat === 281);
    demand(!isCertificate || this.#enrolled > 0, 'a certificate that nobody has written down');
    if (peer === HOME) return void this.#wires.push(() => this.#device.receive(SERVER, bytes, this.#now));
    this.#before.set(peer, message);
    this.#sent.set(peer, (this.#sent.get(peer) ?? 0) + bytes.length);
    const allowed = 3 * (this.#received.get(peer) ?? 0);
    const isOwn = peer.startsWith('dtls:') || this.#leaves.has(`new ${placeOf(peer)}`);
    demand(isOwn || this.#sent.get(peer)! <= allowed, () => `${this.#sent.get(peer)} bytes to a stranger that sent ${allowed / 3}`);
  }

  #told(report: BootstrapReport): void {
    if (report.type === 'bootstrap-refused') return;
    if (report.type === 'bootstrap-ended') {
      demand(this.#given.delete(report.id), `session ${report.id} ends twice, or was none`);
      return;
    }
    if (report.type === 'bootstrap-asked')
      demand(report.by !== undefined || report.endpoint === 'new' || report.endpoint === '', `${report.endpoint} without its key`);
    if (report.type === 'bootstrap-asked' && report.by) demand(report.by.identity === `factory ${report.endpoint}`, 'the key of another');
    if (report.type === 'enrolment-asked') demand(report.by.identity === `factory ${report.endpoint}`, 'a certificate for another');
    this.#questions.set(`${report.type} ${report.id}`, report);
    const { secured, plain } = this.#role.load;
    demand(secured <= MAX_SESSIONS.secured && plain <= MAX_SESSIONS.plain, 'more sessions than there is room for');
  }

  /** As the engine: each question once. `mode`: what is given; absent: nothing is. */
  #decide(key: string, mode: (typeof MODES)[number] | undefined): void {
    const question = this.#questions.get(key);
    if (question === undefined) return;
    this.#questions.delete(key);
    const { id, endpoint } = question;
    if (question.type === 'enrolment-asked') {
      if (mode) this.#enrolled += 1;
      return this.#role.handle({ type: mode ? 'enrolment-allow' : 'enrolment-deny', id, endpoint, code: 'NO_ENROLMENT' });
    }
    if (mode === undefined) return this.#role.handle({ type: 'bootstrap-deny', id, endpoint, code: 'NO_TEMPLATE' });
    if (question.type === 'certificate-made') {
      this.#leaves.add(`x509 ${endpoint === 'new' ? 'plain' : `dtls:${endpoint}`}`);
      return this.#role.handle({ type: 'bootstrap-write', id, endpoint });
    }
    this.#given.add(id);
    this.#leaves.add(`${endpoint} ${question.by ? `dtls:${endpoint}` : 'plain'}`);
    this.#role.handle({
      type: 'bootstrap-give',
      id,
      endpoint,
      order: { accounts: [orderOf(mode, endpoint)], access: [], deleteFirst: ['/9'] },
    });
  }

  /** Giving one may ask another: until there is none. */
  #answerAll(): void {
    for (let rounds = 0; rounds < 200 && this.#questions.size > 0; rounds++) {
      this.#decide([...this.#questions.keys()][0]!, 'X509');
      this.#settle();
    }
    this.#settle();
  }

  #step(): void {
    const script = this.#script;
    const kind = script.below(16);
    if (kind < 6) return this.#hostile(requestFrom(script));
    if (kind < 8) return this.#hostile(datagramFrom(script, undefined));
    if (kind === 8) return this.#hostile(script.bytes(script.byte()));
    if (kind < 13) return this.#decide(script.pick([...this.#questions.keys(), '']), script.pick([...MODES, undefined]));
    if (kind === 13) return this.#pass(script.pick(PAUSES));
    if (kind === 14) return script.pick([() => this.#ask(), () => this.#fetch(), () => this.#closes(script.pick(SESSIONS.slice(1)))])();
    this.#late(script.pick(LATE), script.below(8));
  }

  /** A command that comes once more, or after its device has gone; an answer to what waits would be the engine's own word. */
  #late(type: (typeof LATE)[number], id: number): void {
    if ([...this.#questions.values()].some((question) => question.id === id)) return;
    this.#role.handle({ type, id, endpoint: Endpoint('bad'), code: 'NO_TEMPLATE' });
  }

  #ask(): void {
    this.#answer = undefined;
    this.#device.request(SERVER, { method: 'POST', path: ['bs'], query: ['ep=good', 'pct=11542'] }, this.#now);
    this.#settle();
  }

  /** The first part of a pack, the rest of which is kept for this session alone. */
  #fetch(): void {
    const block2 = { num: 0, more: false, szx: 4 };
    this.#device.request(SERVER, { method: 'GET', path: ['bspack'], query: ['ep=good'], block2 }, this.#now);
    this.#settle();
    if (this.#script.flag()) this.#answerAll();
  }

  #closes(peer: string): void {
    this.#transports.forgetPeer(peer);
    this.#heard?.closed(peer);
  }

  #hostile(bytes: Uint8Array): void {
    const peer = this.#script.pick(HOSTILE);
    this.#received.set(peer, (this.#received.get(peer) ?? 0) + bytes.length);
    const before = this.#before.get(peer);
    const answers = before !== undefined && this.#script.below(3) === 0;
    this.#transports.receive(peer, answers ? answerFrom(this.#script, before) : bytes, this.#now);
  }

  #onDevice(output: CoapOutput): void {
    if (output.type === 'datagram') this.#wires.push(() => this.#transports.receive(HOME, output.bytes, this.#now));
    else if (output.type === 'response') this.#answer = output.response;
    else if (output.type === 'request') this.#device.respond(output.handle, this.#accounts.serve(output.request), this.#now);
  }
}

const LATE = ['bootstrap-write', 'bootstrap-deny', 'enrolment-allow', 'enrolment-deny'] as const;
/** Who has shown nothing has no name either. */
const placeOf = (peer: string): string => (peer.startsWith('dtls:') ? peer : 'plain');

function orderOf(mode: (typeof MODES)[number], endpoint: string): AccountOrder {
  const credential = { kind: KINDS[mode], identity: endpoint };
  const uri = mode === 'OSCORE' ? 'coap://192.0.2.1:5683' : 'coaps://192.0.2.1:5684';
  return { uri, shortServerId: 1, lifetimeS: 60, binding: 'U', storesNotifications: true, security: { mode, credential } };
}

export const BOOTSTRAP: Target = {
  name: 'bootstrap',
  kind: 'conversation',
  quick: 300,
  maxBytes: 500,
  guide: ['/apps/server/dist/bootstrap/', '/libs/lwm2m/dist/bootstrap/', '/libs/dtls/dist/enrolment/'],
  seeds: () => ['', '0000000000000000000900', '00040004010100000000010100', '00010002000000000000000009000b00'].map(fromHex),
  generate: (random) => random.bytes(random.below(400)),
  run(input) {
    new Play(new Script(input)).run();
  },
};
