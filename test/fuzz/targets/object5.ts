import { begin, beginInstalled, next } from '@drover/lwm2m';
import type {
  Action,
  Conversation,
  FirmwareInput,
  FirmwareOrder,
  Operation,
  ResourceValue,
  Step,
  UpdateTarget,
  Value,
} from '@drover/lwm2m';
import { isOperation, ORDER, URI } from '../../golden/scripted-device.ts';
import { Script } from '../script.ts';
import { demand, fromHex } from '../target.ts';
import type { Target } from '../target.ts';

const MAX_STEPS = 300;
const STATES = [0, 1, 2, 3, 4, -1, 2.5];
const RESULTS = [0, 0, 0, 1, 2, 4, 5, 8, 9, 10, 11, 50, 56, 58, 200];
const CODES = ['2.05', '2.04', '2.04', '2.04', '4.00', '4.04', '4.05', '5.00', '5.03', '4.29', '2.31', ''];
/** A cancel ends a conversation: it comes seldom. */
const COMMANDS = [
  'execute',
  'execute',
  'execute',
  'execute',
  'execute',
  'tick',
  'tick',
  'tick',
  'tick',
  'tick',
  'tick',
  'contact',
  'contact',
  'stay',
  'registered',
  'registered',
  'suspend',
  'suspend',
  'resume',
  'resume',
  'resume',
  'resume',
  'cancel',
] as const;
const ODD: readonly Value[] = ['', 'x', true, -1, 1e300, 2n ** 63n, new Uint8Array(3), { object: 1, instance: 2 }];

/** Device and engine both say anything at any time; the machine has to keep its promises to either. */
class Play {
  readonly #script: Script;
  #conversation: Conversation;
  #now = 1_000_000;
  #serving = false;
  #suspended = false;
  #pushing = false;
  #asked: Operation | undefined;
  /** Of the device. */
  #state = 0;
  #upgradesItself: boolean;
  readonly #object: UpdateTarget['object'];
  /** An Execute needs a permission of its own, and a look at the device after the Execute before it. */
  #permitted = false;
  #looked = true;

  constructor(script: Script) {
    this.#script = script;
    this.#upgradesItself = script.flag();
    this.#object = script.pick(['Firmware', 'Firmware', 'Software', 'AdvancedFirmware']);
    const order: FirmwareOrder = {
      ...ORDER,
      target: { object: this.#object, instance: 0, component: 'c' },
      tryNextProtocol: script.flag(),
      watchBattery: script.flag(),
      resume: script.pick([undefined, 'None', 'Pull']),
      method: script.pick(['Auto', 'Pull', 'Push']),
      uris: [{ scheme: script.pick(['coap', 'coap', 'coap', 'http']), uri: URI }],
      activation: { automaticUpgrade: script.pick(['Off', 'Leave', 'On']) },
      ...(script.flag() && { keepOffset: script.pick([0, 1024, 4096]) }),
    };
    const first = script.below(4) === 1 ? beginInstalled(order, this.#now) : begin(order, this.#now);
    this.#conversation = first.conversation;
    this.#follow(first);
  }

  run(): void {
    for (let step = 0; step < MAX_STEPS && !this.#script.isOver; step++) {
      this.#now += this.#script.pick([0, 1, 1500, 30_000, 135_000, 2_700_000]);
      this.#give(this.#input());
    }
  }

  #give(input: FirmwareInput): void {
    if (input.type === 'execute') this.#permitted = true;
    if (input.type === 'suspend') this.#suspended = true;
    if (input.type === 'resume') this.#suspended = false;
    if (input.type === 'suspend' || input.type === 'cancel') this.#permitted = false;
    if (input.type === 'answer' && input.op.type === 'read' && this.#isLook(input.op.path)) this.#looked = true;
    const before = this.#conversation;
    const { phase } = before;
    this.#follow(next(Object.freeze(before), input, this.#now));
    if (phase === 'ended') demand(this.#conversation.phase === 'ended', 'what has ended goes on');
    if (this.#suspended && this.#conversation.phase !== 'cancelling') demand(!this.#serving && !this.#pushing, 'a Hold, and blocks go on');
  }

  #isLook(path: string): boolean {
    const { instance, state } = this.#conversation.paths;
    return path === instance || path === state;
  }

  #follow({ conversation, actions }: Step): void {
    const wasOver = this.#conversation.phase === 'ended' && this.#conversation !== conversation;
    demand(!wasOver || actions.length === 0, 'something is done after the end');
    this.#conversation = conversation;
    demand(actions.filter(isOperation).length <= 1, 'two operations at once');
    for (const action of actions) this.#do(action);
    if (conversation.phase === 'ended') demand(!this.#serving && !this.#pushing, 'it has ended, and blocks go on');
    demand(conversation.offset >= 0 && conversation.todo.length < 16, 'a list of things to do without end');
  }

  #do(action: Action): void {
    const isHeld = this.#suspended && this.#conversation.phase !== 'cancelling' && !this.#conversation.wantsCancel;
    if (action.type === 'serve') {
      demand(!(isHeld && action.on), 'served while held');
      this.#serving = action.on;
    } else if (action.type === 'start-push') {
      demand(!isHeld, 'pushed while held');
      this.#pushing = true;
    } else if (action.type === 'stop-push') this.#pushing = false;
    else if (action.type === 'wait-until') demand(Number.isFinite(action.at), 'waits for no time');
    else this.#perform(action, isHeld);
  }

  #perform(operation: Operation, isHeld: boolean): void {
    const isLook = operation.type === 'read' || operation.type === 'observe';
    demand(isLook || !isHeld, `${operation.type} ${operation.path} while held`);
    this.#asked = operation;
    if (operation.type !== 'execute' || operation.path !== this.#conversation.paths.execute) return;
    demand(this.#permitted, 'Execute without permission');
    demand(this.#looked, 'Execute twice without a look in between');
    this.#permitted = false;
    this.#looked = false;
  }

  #input(): FirmwareInput {
    const script = this.#script;
    const kind = script.below(32);
    const op = this.#asked;
    if (kind < 14 && op !== undefined) return this.#answer(op);
    if (kind === 14 && op !== undefined) return { type: 'no-answer', op };
    if (kind === 15)
      return {
        type: 'answer',
        op: { type: 'read', path: script.pick([this.#conversation.paths.instance, '/3/0/3', this.#conversation.paths.state]) },
        code: '2.05',
        values: this.#values(),
      };
    if (kind === 16) return { type: 'block-acknowledged', offset: script.pick([0, 1024, 4096, 9000]) };
    if (kind === 17) return this.#pushEnds({ type: 'push-finished' });
    if (kind === 18)
      return this.#pushEnds({
        type: 'push-failed',
        why: script.pick(['lost', 'rejected', 'too-large']),
        offset: script.pick([0, 2048, 4096]),
      });
    if (kind === 19) return { type: 'block-served', offset: script.pick([0, 1024, 3072]), length: 1024 };
    if (kind === 20) return { type: 'observed', values: this.#values() };
    if (kind < 24) this.#state = script.pick(STATES);
    if (kind < 24) return { type: 'tick' };
    return { type: script.pick(COMMANDS) };
  }

  /** Mostly what a device in this state says, and what it is asked to do it does. */
  #answer(op: Operation): FirmwareInput {
    const script = this.#script;
    if (script.below(8) === 1) return { type: 'answer', op, code: script.pick(CODES), values: this.#valuesFor(op) };
    const { packageUri, automaticUpgrade, execute, uninstall } = this.#conversation.paths;
    if (op.type === 'write' && op.path === packageUri) this.#state = op.value === '' ? 0 : 1;
    if (op.type === 'write' && op.path === automaticUpgrade) this.#upgradesItself = false;
    if (op.type === 'execute' && op.path === execute) this.#state = script.pick([2, 3, 0, 4]);
    if (op.type === 'execute' && op.path === uninstall) this.#state = script.pick([0, 0, 3, 4]);
    return { type: 'answer', op, code: op.type === 'read' || op.type === 'observe' ? '2.05' : '2.04', values: this.#valuesFor(op) };
  }

  #pushEnds(input: FirmwareInput): FirmwareInput {
    this.#pushing = false;
    return input;
  }

  #valuesFor(op: Operation): ResourceValue[] {
    if (op.type !== 'read') return [];
    return this.#values().filter(({ path }) => this.#script.below(16) === 1 || path === op.path || path.startsWith(`${op.path}/`));
  }

  #values(): ResourceValue[] {
    const script = this.#script;
    const {
      state,
      result,
      delivery,
      protocols,
      packageUri,
      packageName,
      packageVersion,
      automaticUpgrade,
      activation,
      linked,
      currentVersion,
    } = this.#conversation.paths;
    const shown: readonly [string | undefined, Value][] = [
      [state, this.#state],
      [result, script.pick(RESULTS)],
      [delivery, script.pick([2, 2, 2, 1, 0, 3])],
      [protocols && `${protocols}/0`, script.pick([0, 0, 0, 1, 2, 5])],
      [packageUri, script.pick([URI, URI, URI, '', 'coap://other'])],
      [automaticUpgrade, this.#upgradesItself],
      [packageName, script.pick(['c', 'c', '', 'other'])],
      [packageVersion, script.pick(['2.1.0', '1.0'])],
      [activation, script.flag()],
      [
        linked && `${linked}/0`,
        script.pick([
          { object: 33_629, instance: 0 },
          { object: 33_629, instance: 0 },
          { object: 33_629, instance: 1 },
        ]),
      ],
      [currentVersion, script.pick(['2.0.0', '2.1.0'])],
      ['/3/0/3', script.pick(['2.0.0', '2.0.0', '2.0.0', '2.1.0', ''])],
      ['/3/0/9', 50],
    ];
    const values = shown.flatMap(([path, value]): ResourceValue[] => (path === undefined ? [] : [{ path, value }]));
    const which = script.byte();
    return values
      .filter((_, at) => script.below(8) !== 1 || (which & (1 << at)) === 0)
      .map((value) => (script.below(16) === 1 ? { ...value, value: script.pick(ODD) } : value));
  }
}

export const OBJECT_5: Target = {
  name: 'object-5',
  kind: 'conversation',
  quick: 2000,
  maxBytes: 2000,
  guide: ['/libs/lwm2m/dist/firmware'],
  seeds: () => ['', '00000000', '0000010001000100010001'].map(fromHex),
  generate: (random) => random.bytes(random.below(1500)),
  run(input) {
    new Play(new Script(input)).run();
  },
};
