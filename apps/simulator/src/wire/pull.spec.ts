import { expect, it } from '@jest/globals';
import { targetOf } from './pull.ts';

it.each([
  ['coap://127.0.0.1:5700/fw/abc', { scheme: 'coap', host: '127.0.0.1:5700', path: ['fw', 'abc'] }],
  ['coap://files.example/a%20b', { scheme: 'coap', host: 'files.example:5683', path: ['a b'] }],
  ['coap+tcp://127.0.0.1/x', { scheme: 'coap+tcp', host: '127.0.0.1:5683', path: ['x'] }],
  ['http://127.0.0.1:8080/x/y', { scheme: 'http', host: '127.0.0.1:8080', path: ['x', 'y'] }],
  ['coaps://127.0.0.1/x', { scheme: 'coaps', host: '127.0.0.1:5684', path: ['x'] }],
  ['coaps+tcp://127.0.0.1/x', 'protocol-unsupported'],
  ['ftp://127.0.0.1/x', 'protocol-unsupported'],
  ['where is it', 'uri-invalid'],
])('%s', (uri, target) => {
  expect(targetOf(uri)).toEqual(target);
});
