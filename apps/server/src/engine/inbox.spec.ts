import { expect, it } from '@jest/globals';
import { Endpoint, Instant } from '@drover/kernel';
import type { FromGateway, UpdateFact } from '../link/messages.ts';
import { Inbox } from './inbox.ts';

const contact = (name: string): FromGateway => ({ type: 'lapsed', endpoint: Endpoint(name), at: Instant(0) });
const update = (name: string, fact: UpdateFact): FromGateway => ({
  type: 'update',
  endpoint: Endpoint(name),
  attempt: name,
  at: Instant(0),
  fact,
});
const progress = (name: string, offset: number): FromGateway =>
  update(name, { type: 'progress', offset, blocks: 1, bytes: 512, retransmissions: offset % 2, awakeMs: 0 });

function drain(messages: readonly FromGateway[]): string[] {
  const inbox = new Inbox();
  for (const message of messages) inbox.push(message);
  const taken: string[] = [];
  for (let next = inbox.take(); next; next = inbox.take()) {
    const fact = next.type === 'update' ? next.fact : undefined;
    taken.push(
      `${'endpoint' in next ? next.endpoint : ''} ${fact?.type === 'progress' ? `progress ${fact.offset} ${fact.blocks}/${fact.bytes}/${fact.retransmissions}` : (fact?.type ?? next.type)}`,
    );
  }
  expect(inbox.size).toBe(0);
  return taken;
}

it.each<[string, FromGateway[], string[]]>([
  ['a contact overtakes progress', [progress('a', 1), contact('b')], ['b lapsed', 'a progress 1 1/512/1']],
  [
    'progress of one attempt is added up',
    [progress('a', 1), progress('b', 2), progress('a', 3)],
    ['a progress 3 2/1024/2', 'b progress 2 1/512/0'],
  ],
  [
    'what follows from progress comes after it',
    [progress('a', 1), progress('b', 2), update('a', { type: 'download-finished' })],
    ['a progress 1 1/512/1', 'a download-finished', 'b progress 2 1/512/0'],
  ],
  [
    'everything else keeps its order',
    [contact('a'), update('a', { type: 'offered' }), contact('b')],
    ['a lapsed', 'a offered', 'b lapsed'],
  ],
])('%s', (_name, messages, expected) => {
  expect(drain(messages)).toEqual(expected);
});

it('takes in what comes between two looks', () => {
  const inbox = new Inbox();
  inbox.push(contact('a'));
  expect(inbox.take()).toMatchObject({ endpoint: 'a' });
  inbox.push(contact('b'));
  inbox.push(contact('c'));
  expect([inbox.take(), inbox.take(), inbox.take()]).toMatchObject([{ endpoint: 'b' }, { endpoint: 'c' }, undefined]);
});
