import { begin, encodeArguments, next } from '@drover/lwm2m';
import type { Action, Conversation, FirmwareFact, FirmwareInput, FirmwareOrder, Operation, ResourceValue, Step, Value } from '@drover/lwm2m';

export const URI = 'coap://fw:5683/fw/abc';
export const ORDER: FirmwareOrder = {
  attempt: 'c1/dev/1',
  method: 'Auto',
  uris: [{ scheme: 'coap', uri: URI }],
  size: 4096,
  expectedVersion: '2.1.0',
  activation: { automaticUpgrade: 'Off' },
  inactivityMs: 2_700_000,
};
const NOW = 1_000_000;
const POLL = 135_000;

export type Resources = Record<string, Value>;
export const FRESH: Resources = { '/5/0/3': 0, '/5/0/5': 0, '/5/0/8/0': 0, '/5/0/9': 2, '/3/0/3': '2.0.0' };

const text = (item: Action | FirmwareFact): string => {
  switch (item.type) {
    case 'write':
      return `write ${item.path} ${item.value instanceof Uint8Array ? `[${item.value.join()}]` : JSON.stringify(item.value)}`;
    case 'execute': {
      const words = encodeArguments(item.arguments ?? []);
      return `execute ${item.path}${words === '' ? '' : ` ${words}`}`;
    }
    case 'read':
    case 'observe':
    case 'create':
    case 'delete':
      return `${item.type} ${item.path}`;
    case 'start-push':
      return `start-push ${item.offset}${item.path === '/5/0/0' ? '' : ` to ${item.path}`}`;
    case 'began-anew':
      return `began-anew ${item.from}`;
    case 'battery':
      return `battery ${item.level}`;
    case 'progress':
    case 'session-lost':
      return `${item.type} ${item.offset}`;
    case 'serve':
      return `serve ${item.on ? 'on' : 'off'}`;
    case 'wait-until':
      return `wait ${item.why}`;
    case 'capability':
      return `capability ${item.method}`;
    case 'refused':
      return `refused ${item.class}`;
    case 'failed':
      return `failed ${item.class} ${item.result}`;
    case 'state':
      return `state ${item.state}/${item.result}`;
    case 'version-read':
      return `version ${item.version} from ${item.from} ${item.state}/${item.result}`;
    case 'cancel-refused':
      return `cancel-refused ${item.state}`;
    default:
      return item.type;
  }
};

export const isOperation = (action: Action): action is Operation =>
  ['read', 'write', 'execute', 'observe', 'create', 'delete'].includes(action.type);

/** A device by its resources: reads are answered from them, everything else 2.04 unless `answers` says otherwise. */
export class Script {
  conversation: Conversation;
  now = NOW;
  /** Everything said in order: actions, and facts with a `!` in front. */
  log: string[] = [];
  resources: Resources;
  answers: Record<string, string> = {};
  /** Whether Observe is answered with what is observed, as the standard has it, or with an empty 2.05. */
  tellsWhenObserved = false;
  /** What an operation does to the device. */
  effects: Record<string, Resources> = {};
  #open: Operation[] = [];

  constructor(resources: Resources = FRESH, order: Partial<FirmwareOrder> = {}) {
    this.resources = { ...resources };
    const step = begin({ ...ORDER, ...order }, this.now);
    this.conversation = step.conversation;
    this.#note(step);
  }

  #note(step: Step): void {
    this.conversation = step.conversation;
    this.log.push(...step.facts.map((fact) => `!${text(fact)}`), ...step.actions.map(text));
    for (const action of step.actions) if (isOperation(action)) this.#open.push(action);
  }

  give(input: FirmwareInput): this {
    this.#note(next(this.conversation, input, this.now));
    return this;
  }

  say(type: 'stay' | 'execute' | 'cancel' | 'registered' | 'contact' | 'suspend' | 'resume' | 'tick' | 'push-finished'): this {
    return this.give({ type });
  }

  /** The device answers whatever is open, up to and not including the operation `until`. */
  run(until = ''): this {
    for (let op = this.#open[0]; op !== undefined && text(op) !== until; op = this.#open[0]) this.answer();
    return this;
  }

  #answerTo(op: Operation): { code: string; values: ResourceValue[] } {
    const forced = this.answers[text(op)];
    if (forced !== undefined) return { code: forced, values: [] };
    if (op.type === 'observe' && !this.tellsWhenObserved) return { code: '2.05', values: [] };
    if (op.type !== 'read' && op.type !== 'observe') return { code: '2.04', values: [] };
    const values = Object.entries(this.resources).flatMap(([path, value]) =>
      path === op.path || path.startsWith(`${op.path}/`) ? [{ path, value }] : [],
    );
    return values.length === 0 ? { code: '4.04', values } : { code: '2.05', values };
  }

  /** What is open, and nothing after it. */
  answer(): this {
    const op = this.#open.shift()!;
    Object.assign(this.resources, this.effects[text(op)] ?? {});
    return this.give({ type: 'answer', op, ...this.#answerTo(op) });
  }

  silent(): this {
    const op = this.#open.shift()!;
    return this.give({ type: 'no-answer', op });
  }

  be(resources: Resources): this {
    Object.assign(this.resources, resources);
    return this;
  }

  /** What is there no more. */
  without(base: string): this {
    for (const path of Object.keys(this.resources)) if (path.startsWith(base)) delete this.resources[path];
    return this;
  }

  later(ms = POLL): this {
    this.now += ms;
    return this.say('tick').run();
  }

  acknowledge(offset: number): this {
    return this.give({ type: 'block-acknowledged', offset });
  }

  serve(offset: number, length = 1024): this {
    return this.give({ type: 'block-served', offset, length });
  }

  /** What was said since the last call. */
  said(): string[] {
    return this.log.splice(0);
  }

  facts(): string[] {
    return this.said().filter((line) => line.startsWith('!'));
  }
}

/** An instance of Object 9 as a device shows it. */
export const slot = (instance: number, name: string, state9: number, { version = '', result = 0, active = false } = {}): Resources => ({
  [`/9/${instance}/0`]: name,
  [`/9/${instance}/1`]: version,
  [`/9/${instance}/7`]: state9,
  [`/9/${instance}/9`]: result,
  [`/9/${instance}/12`]: active,
});

export const SOFTWARE: Partial<FirmwareOrder> = { target: { object: 'Software', instance: 0, component: 'metering' } };

export const state = (value: number, result = 0): Resources => ({ '/5/0/3': value, '/5/0/5': result });

/** A conversation that has come as far as the phase says. */
export const AT = {
  probing: () => new Script(),
  resetting: () => new Script({ ...FRESH, ...state(2) }).run('write /5/0/1 ""'),
  preparing: () => new Script({ ...FRESH, '/5/0/14': true }).run('write /5/0/14 false'),
  offering: () => new Script().run(`write /5/0/1 "${URI}"`),
  downloading: () => new Script().run(),
  pushing: () => new Script({ ...FRESH, '/5/0/9': 1 }).run(),
  downloaded: () => new Script().run().be(state(2)).later(),
  executing: () => new Script().run().be(state(2)).later().say('execute').run('execute /5/0/2'),
  installing: () => new Script().run().be(state(2)).later().say('execute').run(),
  verifying: () => {
    const script = new Script().run().be(state(2)).later().say('execute').run().be(state(0, 1)).say('registered');
    return script.run('read /3/0/3');
  },
  cancelling: () => new Script().run().be(state(1)).say('cancel').run('execute /5/0/10'),
  ended: () => new Script({ ...FRESH, '/5/0/9': 1 }, { method: 'Pull' }).run(),
};

const EMPTY_SLOT = slot(0, '', 0);
const DELIVERED = slot(0, 'metering', 3, { version: '2.1.0', result: 3 });
const INSTALLED = slot(0, 'metering', 4, { version: '2.1.0', result: 2 });
const older = (): Script => new Script(slot(0, 'metering', 4, { version: '1.0.0', active: true }), SOFTWARE);
const software = (): Script => new Script(EMPTY_SLOT, SOFTWARE);
const softwareDelivered = (): Script => software().run().be(DELIVERED).later();

/** The same for Object 9. */
export const AT_SOFTWARE = {
  locating: () => software(),
  probing: () => software().run('read /9/0'),
  clearing: () => older().run('execute /9/0/6 1'),
  resetting: () => new Script(slot(0, 'metering', 3, { version: '1.9.0' }), SOFTWARE).run('execute /9/0/6'),
  offering: () => software().run(`write /9/0/3 "${URI}"`),
  downloading: () => software().run(),
  downloaded: softwareDelivered,
  executing: () => softwareDelivered().say('execute').run('execute /9/0/4'),
  installing: () => softwareDelivered().say('execute').run(),
  activating: () => {
    const script = softwareDelivered().say('execute').run().be(INSTALLED).later().say('execute').run('execute /9/0/10');
    return script.answer();
  },
  cancelling: () => softwareDelivered().say('cancel').run('execute /9/0/6'),
};
