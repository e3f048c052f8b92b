import { CONTENT_FORMAT } from '@drover/lwm2m';
import { type Outcome, type Profile } from '@drover/simulator';
import type { Meter, ScriptedServer } from './scripted-server.ts';

const VERSION = '2.4.1';
/** Wall ms; at six thousand times an hour is 600 of them. */
const ANSWER_MS = 1000;
const PAUSE_MS = 25;
/** A sleeper that does not answer by then is asked at its next contact. */
const ASLEEP_MS = 60;
const SETTLED_MS = 1700;
const STABLE_MS = 250;
const MAX_TRIES = 2;
const BUSY_FOR_MS = 100;
const MAX_PUSH_MS = 8000;
const DEFERRED_MS = 150;

/** Objects 5 and 33629 by their Results, Object 9 by its own. */
const CLASSES: Readonly<Record<number, Outcome>> = {
  2: 'InsufficientFlash',
  3: 'OutOfMemory',
  4: 'ConnectionLost',
  5: 'Integrity',
  6: 'UnsupportedPackage',
  7: 'InvalidURI',
  8: 'UpdateFailed',
  9: 'UnsupportedProtocol',
  12: 'UpdateFailed',
  50: 'InsufficientFlash',
  51: 'OutOfMemory',
  52: 'ConnectionLost',
  53: 'Integrity',
  54: 'UnsupportedPackage',
  56: 'InvalidURI',
  57: 'UpdateFailed',
  58: 'UpdateFailed',
};
const WORTH_ANOTHER: readonly Outcome[] = ['ConnectionLost', 'Integrity', 'OutOfMemory', 'UpdateFailed', 'RolledBack'];

/**
 * An update of one device as `lwm2m-facts` 4.4 to 4.6 and section 5 have it, as plain as can be: what a device deserves is
 * what this comes to. It has no windows and no patience worth the name.
 */
export class ModelCampaign {
  readonly #server: ScriptedServer;
  readonly #endpoint: string;
  readonly #profile: Profile;
  readonly #uris: Readonly<Record<number, string>>;
  #at = '/5/0';

  constructor(server: ScriptedServer, endpoint: string, profile: Profile, uris: Readonly<Record<number, string>>) {
    this.#server = server;
    this.#endpoint = endpoint;
    this.#profile = profile;
    this.#uris = uris;
  }

  async run(): Promise<Outcome> {
    const { object, linked } = this.#part;
    if (linked) return 'Refused';
    this.#at = `/${object}/0`;
    const unfit = object === 9 ? await this.#makeRoom() : await this.#reset();
    if (unfit) return unfit;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt();
      if (!WORTH_ANOTHER.includes(outcome) || attempt === MAX_TRIES) return outcome;
      const stuck = object === 9 ? await this.#makeRoom() : await this.#reset();
      if (stuck) return outcome;
    }
  }

  get #part(): Profile['parts'][0] {
    return this.#profile.parts[0];
  }

  get #meter(): Meter {
    return this.#server.meters.findLast(({ endpoint }) => endpoint === this.#endpoint)!;
  }

  /** Where a Register can get lost, and is repeated seconds later. */
  get #patienceMs(): number {
    return this.#profile.chaos?.loss ? 4 * SETTLED_MS : SETTLED_MS;
  }

  async #attempt(): Promise<Outcome> {
    const delivered = await this.#deliver();
    if (delivered !== 'succeeded') return delivered;
    const installed = this.#part.object === 9 ? await this.#install() : await this.#execute();
    if (installed !== 'succeeded') return installed;
    await pause(STABLE_MS);
    return (await this.#version()) === VERSION ? 'succeeded' : 'RolledBack';
  }

  /** What answers at all in the time that there is; a sleeper may have to wake first. */
  async #heard<T>(ask: (meter: Meter) => Promise<T>, ms = this.#patienceMs): Promise<T | undefined> {
    const { queueMode } = this.#profile;
    for (const until = Date.now() + ms; Date.now() < until; await this.#pauseOrContact()) {
      const meter = this.#meter;
      const { peer } = meter;
      const answer = await Promise.race([ask(meter).catch(() => undefined), pause(queueMode ? ASLEEP_MS : ANSWER_MS)]);
      if (answer !== undefined) return answer;
      if (this.#meter.peer === peer) this.#server.forget(meter);
    }
    return undefined;
  }

  async #pauseOrContact(): Promise<void> {
    const { queueMode } = this.#profile;
    await (queueMode ? Promise.race([this.#server.contact(this.#endpoint), pause(SETTLED_MS)]) : pause(PAUSE_MS));
  }

  async #state(): Promise<string | undefined> {
    return this.#heard((meter) => this.#server.stateOf(meter, this.#at));
  }

  async #version(): Promise<unknown> {
    const path = this.#part.versionAt ?? `${this.#at}/1`;
    return this.#heard(async (meter) => (await this.#server.read(meter, path))[path]);
  }

  /** The first State and Result that `is` true of, or the last that was seen; undefined for silence. */
  async #until(is: (state: number, result: number) => boolean, ms = this.#patienceMs): Promise<[number, number] | undefined> {
    let seen: [number, number] | undefined;
    for (const until = Date.now() + ms; Date.now() < until; await pause(PAUSE_MS)) {
      const text = await this.#state();
      if (text === undefined) return undefined;
      seen = text.split('/').map(Number) as [number, number];
      if (is(...seen)) return seen;
    }
    return seen;
  }

  /** To State 0, by every way there is. */
  async #reset(): Promise<Outcome | undefined> {
    const [state, result] = (await this.#until((now) => now !== 3)) ?? [];
    if (state === undefined) return 'Unreachable';
    if (state === 3) return 'InstallTimeout';
    const ways = state === 0 ? (result === 0 ? [] : ['uri']) : ['uri', 'nul', 'cancel'];
    for (const way of ways) {
      await this.#heard((meter) => this.#resetBy(meter, way));
      if ((await this.#state())?.startsWith('0/')) return this.#switchOffUpgrade();
    }
    return ways.length === 0 ? this.#switchOffUpgrade() : 'Refused';
  }

  #resetBy(meter: Meter, way: string): Promise<unknown> {
    if (way === 'uri') return this.#server.offer(meter, '', `${this.#at}/1`);
    if (way === 'cancel') return this.#server.code(meter, 'POST', `${this.#at}/10`);
    const payload = Uint8Array.of(0);
    return this.#server.ask(meter, 'PUT', `${this.#at}/0`, { contentFormat: CONTENT_FORMAT.OPAQUE, payload });
  }

  async #switchOffUpgrade(): Promise<Outcome | undefined> {
    if (this.#part.automaticUpgrade === 'absent') return undefined;
    await this.#heard((meter) => this.#server.code(meter, 'PUT', '/5/0/14', '0'));
    const read = await this.#heard((meter) => this.#server.read(meter, '/5/0/14'));
    return read?.['/5/0/14'] === false ? undefined : 'Refused';
  }

  /** An instance of Object 9 in INITIAL. */
  async #makeRoom(): Promise<Outcome | undefined> {
    const { software } = this.#part;
    const has = await this.#state();
    if (has === undefined && software.creates) {
      const created = await this.#heard((meter) => this.#server.ask(meter, 'POST', '/9'));
      this.#at = `/${created?.options.locationPath.join('/')}`;
    }
    const [state] = (await this.#until(() => true)) ?? [];
    if (state === undefined) return 'Unreachable';
    if (state < 3) return undefined;
    if (state === 4) await this.#heard((meter) => this.#server.code(meter, 'POST', `${this.#at}/11`));
    const plain = await this.#heard((meter) => this.#server.code(meter, 'POST', `${this.#at}/6`, '1'));
    if (plain === '4.00') await this.#heard((meter) => this.#server.code(meter, 'POST', `${this.#at}/6`, "0='1'"));
    return (await this.#state())?.startsWith('0/') ? undefined : 'Refused';
  }

  /** The image in the device, whole and accepted. */
  async #deliver(): Promise<Outcome> {
    const { delivery, protocols = [0] } = this.#part;
    if (delivery === 'Push') return this.#push();
    let outcome: Outcome = 'UnsupportedProtocol';
    // By stream first: what a device lists and cannot do is found out.
    for (const protocol of [...protocols].sort((a, b) => b - a)) {
      outcome = await this.#pull(this.#uris[protocol]!);
      if (outcome !== 'UnsupportedProtocol') break;
    }
    return outcome;
  }

  async #pull(uri: string): Promise<Outcome> {
    const path = `${this.#at}/${this.#part.object === 9 ? 3 : 1}`;
    const code = await this.#heard((meter) => this.#server.offer(meter, uri, path));
    if (code === undefined) return 'Unreachable';
    const verdict = await this.#verdict();
    return !code.startsWith('2.') && verdict === 'ConnectionLost' ? 'Refused' : verdict;
  }

  async #push(): Promise<Outcome> {
    const { push, object } = this.#part;
    const path = push.at === 'object-19' ? '/19/0/0' : `${this.#at}/${object === 9 ? 2 : 0}`;
    // Block 0 is one of the requests that nobody answers while the device is busy with the rest of a push before.
    const code = await this.#pushed(path);
    if (code === '4.13') return 'InsufficientFlash';
    return this.#verdict();
  }

  async #pushed(path: string): Promise<string | undefined> {
    for (let attempt = 0; attempt <= MAX_TRIES; attempt++) {
      await this.#state();
      const meter = this.#meter;
      // Who registers or wakes meanwhile has lost the push.
      const lost = Promise.race([this.#server.contact(this.#endpoint).then(() => undefined), pause(MAX_PUSH_MS)]);
      const code = await Promise.race([this.#server.push(meter, path).catch(() => undefined), lost]);
      if (code === '2.04' || code === '4.13') return code;
      if (this.#meter === meter) this.#server.forget(meter);
      await pause(BUSY_FOR_MS);
    }
    return undefined;
  }

  async #verdict(): Promise<Outcome> {
    const isSoftware = this.#part.object === 9;
    const failed = (result: number): boolean => (isSoftware ? result >= 50 : result >= 2);
    const done = isSoftware ? 3 : 2;
    const settled = await this.#until((state, result) => state === done || state === 3 || failed(result));
    if (settled === undefined) return 'Unreachable';
    const [state, result] = settled;
    if (state === done || state === 3) return 'succeeded';
    return CLASSES[result] ?? 'ConnectionLost';
  }

  async #execute(): Promise<Outcome> {
    let refusals = 0;
    for (let tries = 0; tries < 8; tries++) {
      // Unanswered is unknown: the State that is read next tells.
      const code = await this.#heard((meter) => this.#server.code(meter, 'POST', `${this.#at}/2`), ANSWER_MS / 2);
      const isRefused = code?.startsWith('4.') ?? false;
      const settled = await this.#until((state, result) => state === 0 || (state === 2 && (isRefused || result > 0)));
      if (settled === undefined) return 'SuspectedBrick';
      const [state, result] = settled;
      if (state === 3) return 'InstallTimeout';
      if (state === 0) return this.#installed();
      if (result === 8 && (refusals += 1) > 1) return 'UpdateFailed';
      if (result === 0 && code?.startsWith('2.')) return 'InstallTimeout';
      if (result === 11) await pause(DEFERRED_MS);
    }
    return 'Deferred';
  }

  async #installed(): Promise<Outcome> {
    // State may be told before Result, and the device may be on its way down.
    await pause(BUSY_FOR_MS);
    const [, result = 0] = (await this.#until((state) => state === 0)) ?? [];
    if ((await this.#version()) === VERSION) return 'succeeded';
    return result === 1 ? 'VersionMismatch' : (CLASSES[result] ?? 'RolledBack');
  }

  async #install(): Promise<Outcome> {
    for (let tries = 0; tries < 2; tries++) {
      await this.#heard((meter) => this.#server.code(meter, 'POST', `${this.#at}/4`));
      const [state] = (await this.#until((now, result) => now === 4 || result === 58, SETTLED_MS / 2)) ?? [];
      if (state === 4) return this.#activate();
    }
    return 'UpdateFailed';
  }

  async #activate(): Promise<Outcome> {
    const active = async (): Promise<unknown> =>
      (await this.#heard((meter) => this.#server.read(meter, `${this.#at}/12`)))?.[`${this.#at}/12`];
    if (!(await active())) await this.#heard((meter) => this.#server.code(meter, 'POST', `${this.#at}/10`));
    return (await active()) ? 'succeeded' : 'UpdateFailed';
  }
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(() => resolve(undefined), ms).unref());
}
