import { describe, expect, it } from '@jest/globals';
import { CODE } from '@drover/coap';
import type { Value } from '@drover/lwm2m';
import { certificateDer, privateKeyOf } from '@drover/testkit';
import { DeviceContext } from '../wire/oscore-link.ts';
import { securityOf } from './account-keys.ts';
import { WrittenBody } from './written-body.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const PKCS8 = privateKeyOf('device').export({ format: 'der', type: 'pkcs8' });
const LINK = { object: 21, instance: 2 };
const CONTEXT = { '/21/2/0': bytes(16), '/21/2/1': bytes(4), '/21/2/2': bytes(1) };

describe('who a device is by its account', () => {
  it.each<[string, string, Readonly<Record<string, Value>>, string]>([
    ['a pre-shared key', 'coaps:', { '/0/1/2': 0, '/0/1/3': Buffer.from('me'), '/0/1/5': bytes(16) }, 'identity,key'],
    ['an empty key', 'coaps:', { '/0/1/2': 0, '/0/1/3': Buffer.from('me'), '/0/1/5': bytes(0) }, 'nobody'],
    ['a key without security below', 'coap:', { '/0/1/2': 0, '/0/1/3': Buffer.from('me'), '/0/1/5': bytes(16) }, 'nobody'],
    [
      'a certificate',
      'coaps:',
      { '/0/1/2': 2, '/0/1/3': certificateDer('device'), '/0/1/4': certificateDer('server'), '/0/1/5': PKCS8 },
      'own,serverCertificate',
    ],
    ['a certificate, and no server', 'coaps:', { '/0/1/2': 2, '/0/1/3': certificateDer('device'), '/0/1/5': PKCS8 }, 'nobody'],
    [
      'a certificate whose key is none',
      'coaps:',
      { '/0/1/2': 2, '/0/1/3': certificateDer('device'), '/0/1/4': certificateDer('server'), '/0/1/5': bytes(32) },
      'nobody',
    ],
    ['a mode that it has not', 'coaps:', { '/0/1/2': 1, '/0/1/3': bytes(91), '/0/1/4': bytes(91), '/0/1/5': PKCS8 }, 'nobody'],
    ['nothing', 'coap:', { '/0/1/2': 3 }, 'no security'],
    ['a context', 'coap:', { '/0/1/2': 3, '/0/1/17': LINK, ...CONTEXT }, 'context'],
    ['a context that is not there', 'coap:', { '/0/1/2': 3, '/0/1/17': LINK }, 'nobody'],
    ['a link to something else', 'coap:', { '/0/1/2': 3, '/0/1/17': { object: 3, instance: 0 }, ...CONTEXT }, 'nobody'],
    ['another scheme', 'coap+tcp:', { '/0/1/2': 3 }, 'nobody'],
  ])('%s', (_what, scheme, values, expected) => {
    const read = securityOf('/0/1', scheme, (path) => values[path]);
    const key = read?.key;
    const seen = key instanceof DeviceContext ? 'context' : key ? Object.keys(key).join() : 'no security';
    expect(read === undefined ? 'nobody' : seen).toBe(expected);
  });
});

describe('a Write in blocks', () => {
  const part = (num: number, more: boolean, length = 16) => ({
    options: { block1: { num, more, szx: 0 } } as never,
    payload: bytes(length),
  });
  const taken: number[] = [];
  const write = (body: Uint8Array): number => {
    taken.push(body.length);
    return CODE.CHANGED;
  };

  it('is one when the last is there, and may begin anew', () => {
    const body = new WrittenBody();
    const codes = [part(0, true), part(0, true), part(1, true), part(2, false, 3)].map((each) => body.take(each, write).code);
    expect([codes, taken.splice(0)]).toEqual([[CODE.CONTINUE, CODE.CONTINUE, CODE.CONTINUE, CODE.CHANGED], [35]]);
  });

  it('with a gap is none, and neither is one without an end', () => {
    const body = new WrittenBody();
    expect(body.take(part(1, false), write).code).toBe(CODE.REQUEST_ENTITY_INCOMPLETE);
    const codes = Array.from({ length: 600 }, (_, num) => body.take(part(num, true), write).code);
    expect([codes.at(511), codes.at(512), taken]).toEqual([CODE.CONTINUE, CODE.REQUEST_ENTITY_TOO_LARGE, []]);
  });
});
