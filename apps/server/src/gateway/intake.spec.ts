import { expect, it } from '@jest/globals';
import { Endpoint } from '@drover/kernel';
import type { OfferOrder, ToGateway } from '../link/messages.ts';
import { Intake } from './intake.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const turns = async (count: number): Promise<void> => {
  for (let done = 0; done < count; done++) await turn();
};

const offer = (name: string, phase: OfferOrder['phase'] = 'transfer', attempt = 'a' as OfferOrder['attempt']): ToGateway => ({
  type: 'offer',
  order: { endpoint: Endpoint(name), phase, attempt } as OfferOrder,
});
const forget = (name: string): ToGateway => ({ type: 'forget', endpoint: Endpoint(name) });

class Script {
  readonly begun: string[] = [];
  received = 0;
  readonly intake = new Intake({
    handle: (command) => {
      const endpoint = command.type === 'offer' ? command.order.endpoint : 'endpoint' in command ? command.endpoint : '';
      this.begun.push(`${command.type} ${endpoint}`);
    },
    received: () => this.received,
  });

  push(...commands: ToGateway[]): void {
    for (const command of commands) this.intake.push(command);
  }

  /** Turns in each of which the socket had more than was taken. */
  async busy(count: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      this.received += 32;
      await turn();
    }
  }
}

const names = Array.from({ length: 100 }, (_, index) => `d${index}`);

it.each([
  ['commands', forget],
  ['new transfers', offer],
])('a burst of %s is begun in order, some in each turn of the loop', async (_name, make) => {
  const script = new Script();
  script.push(...names.map((name) => make(name)));
  expect(script.begun).toEqual([]);
  await turn();
  expect(script.begun).toHaveLength(32);
  await turns(4);
  expect(script.begun.map((text) => text.split(' ')[1])).toEqual(names);
});

it('new transfers wait while devices say more than is read, and never for ever', async () => {
  const script = new Script();
  script.push(...names.map((name) => offer(name)));
  await script.busy(30);
  expect(script.begun).toHaveLength(9);
  await turns(5);
  expect(script.begun).toHaveLength(100);
});

it('nothing else waits for that: a hold is at once, and what concerns a waiting device comes after its offer', async () => {
  const script = new Script();
  script.push(...names.map((name) => offer(name)), forget('d50'), offer('x', 'install'));
  await script.busy(1);
  expect(script.begun).toEqual(['offer d50', 'forget d50', 'offer x']);
});

it('a hold does not make a waiting offer begin, and one that was dropped never does', async () => {
  const script = new Script();
  const attempt = 'c/1' as OfferOrder['attempt'];
  const held = { type: 'suspend', endpoint: Endpoint('d50'), attempt, epoch: 1 } as const;
  const dropped = { type: 'drop', endpoint: Endpoint('d51'), attempt, epoch: 1 } as const;
  script.push(...names.map((name) => offer(name, 'transfer', attempt)), held, dropped);
  await script.busy(1);
  expect(script.begun).toEqual(['suspend d50', 'drop d51']);
  await turns(5);
  expect(script.begun).toHaveLength(101);
  expect(script.begun).not.toContain('offer d51');
});

it('an attempt that is dropped and offered again at once begins again', async () => {
  const script = new Script();
  const attempt = 'c/1' as OfferOrder['attempt'];
  script.push({ type: 'drop', endpoint: Endpoint('d'), attempt, epoch: 1 }, offer('d', 'transfer', attempt));
  await turns(2);
  expect(script.begun).toEqual(['drop d', 'offer d']);
});

it('a new transfer does not overtake what was said before it', async () => {
  const script = new Script();
  const attempt = 'c/1' as OfferOrder['attempt'];
  script.push(...names.map((name) => forget(name)), { type: 'drop', endpoint: Endpoint('d'), attempt, epoch: 1 });
  script.push(offer('d', 'transfer', attempt));
  await turns(2);
  expect(script.begun).toHaveLength(64);
  await turns(3);
  expect(script.begun.slice(-2)).toEqual(['drop d', 'offer d']);
});

it('begins nothing once it is stopped', async () => {
  const script = new Script();
  script.push(...names.map((name) => forget(name)), offer('d'));
  await turn();
  script.intake.stop();
  await turns(5);
  expect(script.begun).toHaveLength(32);
});

it('of two offers to one device the later counts', async () => {
  const script = new Script();
  const [first, second] = [offer('d'), offer('d')];
  script.push(first, second);
  await turns(2);
  expect(script.begun).toEqual(['offer d']);
});

it('takes what comes later too', async () => {
  const script = new Script();
  script.push(forget('a'));
  await turns(3);
  script.push(forget('b'), offer('c'));
  await turns(3);
  expect(script.begun).toEqual(['forget a', 'forget b', 'offer c']);
});
