import { CODE, classOf } from '@drover/coap';
import { CONTENT_FORMAT, formatLinks, type Link } from '@drover/lwm2m';
import type { Answer, CoapPort } from './coap-port.ts';
import type { DevicePlan } from './device-plan.ts';
import type { Flash } from './flash.ts';
import { PROFILES } from './profiles.ts';
import { bindingOf } from './resources.ts';
import type { Timers } from './timers.ts';

export interface RegistrationParts {
  readonly plan: DevicePlan;
  readonly flash: Flash;
  readonly server: string;
  readonly port: CoapPort;
  readonly timers: Timers;
  readonly random: () => number;
  readonly registered: () => void;
}

/** A lifetime is this many periods: one missed Update does no harm. */
export const LIFETIME_PERIODS = 4;
/** After silence or a refusal, campaign ms. */
const RETRY_MS = 60_000;
const JITTER = 0.02;

/** Registers, keeps the registration alive, and registers again when the server has forgotten it. */
export class Registration {
  readonly #parts: RegistrationParts;
  #location: readonly string[] | undefined;

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
  }

  start(): void {
    const { plan, flash, server, port } = this.#parts;
    const profile = PROFILES[plan.profile];
    const { b, flag } = bindingOf(profile);
    const query = [`ep=${plan.endpoint}`, `lt=${flash.lifetimeS}`, `lwm2m=${profile.lwm2m}`, `b=${b}`, ...(flag ? ['Q'] : [])];
    const payload = Buffer.from(formatLinks(linksOf(plan)));
    port.request(server, { method: 'POST', path: ['rd'], query, contentFormat: CONTENT_FORMAT.LINK, payload }, (answer) =>
      this.#registered(answer),
    );
  }

  /** A sign of life; a sleeper does nothing else when it wakes. */
  update(): void {
    const { server, port } = this.#parts;
    if (this.#location === undefined) return;
    port.request(server, { method: 'POST', path: this.#location }, (answer) => this.#updated(answer));
  }

  #registered(answer: Answer | undefined): void {
    if (answer?.response.code !== CODE.CREATED) return this.#parts.timers.after(RETRY_MS, () => this.start());
    this.#location = answer.response.options.locationPath;
    this.#parts.registered();
    this.#again();
  }

  #updated(answer: Answer | undefined): void {
    if (answer !== undefined && classOf(answer.response.code) === 2) return;
    if (answer?.response.code === CODE.NOT_FOUND) this.start();
    else this.#parts.timers.after(RETRY_MS, () => this.update());
  }

  #again(): void {
    const { plan, flash, timers, random } = this.#parts;
    const period = Math.min(plan.periodMs, (flash.lifetimeS * 1000) / 2) * (1 + JITTER * (2 * random() - 1));
    timers.after(period, () => {
      this.update();
      this.#again();
    });
  }
}

function linksOf({ profile }: DevicePlan): Link[] {
  const { listsFormats, lwm2m, fullObject5 } = PROFILES[profile];
  const { TEXT, SENML_JSON, SENML_CBOR, TLV } = CONTENT_FORMAT;
  const formats = [TEXT, SENML_JSON, SENML_CBOR, TLV].join(' ');
  const link = (path: string, ...attributes: [string, string][]): Link => ({ path, attributes: new Map(attributes) });
  return [
    ...(listsFormats ? [link('/', ['rt', 'oma.lwm2m'], ['ct', formats])] : []),
    link('/1/0'),
    link('/3/0'),
    ...(lwm2m === '1.0' ? [] : [link('/4', ['ver', '1.3'])]),
    link('/4/0'),
    ...(fullObject5 ? [link('/5', ['ver', '1.1'])] : []),
    link('/5/0'),
  ];
}
