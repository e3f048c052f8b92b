import { CODE, classOf, szxOfSize } from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import type { Dice } from '../chance.ts';
import type { DevicePlan } from '../device-plan.ts';
import type { Profile } from '../profiles/profile.ts';
import type { CoapPort } from '../wire/coap-port.ts';
import type { Answer } from '../wire/exchanges.ts';
import type { Due } from '../wheel.ts';
import type { Flash } from './flash.ts';
import { objectLinks } from './object-links.ts';
import { bindingOf } from './resources.ts';

/** The device that registers. */
export interface Registrant {
  readonly plan: DevicePlan;
  readonly profile: Profile;
  readonly flash: Flash;
  readonly server: string;
  readonly port: CoapPort;
  readonly dice: Dice;
  /** Campaign ms by the device's own clock; ends with the power. */
  after(campaignMs: number, run: Due): void;
  registered(): void;
  /** Before a contact that the device makes by itself. */
  aboutToSpeak(): void;
}

/** A registration is renewed this long before its lifetime ends, as clients in the field do it: campaign ms. */
const LEAD_MS = 93_000;
/** A lifetime is this many periods: one missed Update does no harm. */
export const LIFETIME_PERIODS = 4;
/** After silence or a refusal, campaign ms. */
const RETRY_MS = 60_000;
const JITTER = 0.02;

/** Registers, keeps the registration alive, and registers again when the server has forgotten it. */
export class Registration {
  readonly #device: Registrant;
  /** As the server gave it, joined by slashes; empty before. */
  #location = '';
  /** Which of its versions the device speaks now. */
  #versionAt = 0;
  #isRenewing = false;
  /** How often the server has written another: a wake-up that was planned before does not count any more. */
  #lifetimes = 0;

  constructor(device: Registrant) {
    this.#device = device;
  }

  start(): void {
    const { server, port, profile } = this.#device;
    const payload = Buffer.from(objectLinks(profile, this.#device.flash));
    const { blockBytes } = profile.registration;
    const answered = (answer: Answer | undefined): void => this.#registered(answer);
    const whole = { method: 'POST', path: ['rd'], query: this.#query(), contentFormat: CONTENT_FORMAT.LINK } as const;
    if (blockBytes === undefined) port.request(server, { ...whole, payload }, answered);
    else this.#startInBlocks(whole, payload, blockBytes);
  }

  /** A sign of life; a sleeper does nothing else when it wakes. */
  update({ withObjects = false, withLifetime = false } = {}): void {
    const { server, port, profile, flash } = this.#device;
    if (this.#location === '') return;
    const list = withObjects ? { contentFormat: CONTENT_FORMAT.LINK, payload: Buffer.from(objectLinks(profile, flash)) } : {};
    const query = withLifetime ? { query: [`lt=${flash.lifetimeS}`] } : {};
    port.request(server, { method: 'POST', path: this.#location.split('/'), ...query, ...list }, (answer) => this.#updated(answer));
  }

  /** Written by the server: told to it with an Update (Core section 6.2.2), and counted from now. */
  lifetimeChanged(): void {
    this.#lifetimes += 1;
    this.update({ withLifetime: true });
    if (this.#isRenewing) this.#again();
  }

  /** Says good-bye, is silent for so long, and registers anew (LwM2M 1.1 Core, E.2). Campaign ms. */
  disable(forMs: number): void {
    this.#lifetimes += 1;
    this.#isRenewing = false;
    this.end();
    this.#device.after(forMs, () => this.start());
  }

  end(): void {
    const { server, port } = this.#device;
    if (this.#location === '') return;
    port.request(server, { method: 'DELETE', path: this.#location.split('/') }, () => undefined);
    this.#location = '';
  }

  #query(): string[] {
    const { plan, profile, flash } = this.#device;
    const { b, flag } = bindingOf(profile);
    const version = profile.registration.versions[this.#versionAt];
    const binding = b === undefined ? [] : [`b=${b}`];
    return [`ep=${plan.endpoint}`, `lt=${flash.lifetimeS}`, `lwm2m=${version}`, ...binding, ...(flag ? ['Q'] : [])];
  }

  #startInBlocks(whole: Parameters<CoapPort['request']>[1], payload: Buffer, bytes: number, num = 0): void {
    const { server, port } = this.#device;
    const more = (num + 1) * bytes < payload.length;
    const block = { payload: payload.subarray(num * bytes, (num + 1) * bytes), block1: { num, more, szx: szxOfSize(bytes) } };
    port.request(server, { ...whole, ...block, ...(num === 0 && { size1: payload.length }) }, (answer) => {
      if (more && answer?.response.code === CODE.CONTINUE) this.#startInBlocks(whole, payload, bytes, num + 1);
      else this.#registered(answer);
    });
  }

  #registered(answer: Answer | undefined): void {
    const { profile } = this.#device;
    const isTooNew = answer?.response.code === CODE.PRECONDITION_FAILED && this.#versionAt + 1 < profile.registration.versions.length;
    if (isTooNew) {
      this.#versionAt += 1;
      return this.start();
    }
    if (answer?.response.code !== CODE.CREATED) return this.#device.after(RETRY_MS, () => this.start());
    this.#location = answer.response.options.locationPath.join('/');
    this.#device.registered();
    if (!this.#isRenewing) this.#again();
  }

  #updated(answer: Answer | undefined): void {
    if (answer !== undefined && classOf(answer.response.code) === 2) return;
    if (answer?.response.code === CODE.NOT_FOUND) this.start();
    else this.#device.after(RETRY_MS, () => this.update());
  }

  #again(): void {
    const { plan, flash, dice } = this.#device;
    this.#isRenewing = true;
    const lifetimeMs = flash.lifetimeS * 1000;
    const period = Math.min(plan.periodMs, lifetimeMs - Math.min(LEAD_MS, lifetimeMs / 2)) * (1 + JITTER * (2 * dice.next() - 1));
    // A hundred thousand devices wait for this, and few of them ever get another lifetime.
    if (this.#lifetimes === 0) return this.#device.after(period, this);
    const lifetime = this.#lifetimes;
    this.#device.after(period, () => {
      if (lifetime === this.#lifetimes) this.#wake();
    });
  }

  /** A period is over. */
  due(): void {
    if (this.#lifetimes === 0) this.#wake();
  }

  #wake(): void {
    this.#device.aboutToSpeak();
    const wakesAnew = this.#device.profile.registration.wakesWith === 'Register';
    if (wakesAnew || this.#location === '') this.start();
    else this.update();
    this.#again();
  }
}
