import { beforeEach, expect, it } from '@jest/globals';
import { ANN, NOW, TestEngine } from '../../../../test/support/engine.ts';
import { TokenDesk } from './token-desk.ts';

let test: TestEngine;
let desk: TokenDesk;

beforeEach(() => {
  test = new TestEngine();
  desk = new TokenDesk(test.engine, test.entropy);
});

const written = (): string => JSON.stringify(test.writer.commits);

it('makes the first administrator once, and only where there is nobody', async () => {
  const secret = await desk.firstToken();
  expect(desk.bearerOf(secret ?? '')).toMatchObject({ name: 'first-administrator', role: 'administrator' });
  expect(await desk.firstToken()).toBeUndefined();
  await desk.revoke(desk.list()[0]?.id ?? '', ANN);
  expect(await desk.firstToken()).toBeUndefined();
});

it('knows a bearer by the whole secret and nothing else', async () => {
  const { token, secret } = await desk.create('ci', 'operator', ANN);
  expect(secret).toMatch(/^drv_[A-Za-z0-9_-]{43}$/);
  expect(desk.bearerOf(secret)).toEqual({ id: token.id, name: 'ci', role: 'operator' });
  for (const wrong of ['', secret.slice(0, -1), `${secret}A`, secret.toUpperCase(), token.hash, token.id])
    expect(desk.bearerOf(wrong)).toBeUndefined();
});

it('writes the hash and never the secret, and shows neither', async () => {
  const { token, secret } = await desk.create('ci', 'operator', ANN);
  expect(written()).toContain(token.hash);
  expect(written()).not.toContain(secret);
  expect(JSON.stringify(desk.list())).not.toMatch(new RegExp(`${token.hash}|${secret}`));
});

it('turns a revoked bearer away, and revoking again changes nothing', async () => {
  const { token, secret } = await desk.create('ci', 'operator', ANN);
  await desk.revoke(token.id, ANN);
  expect(desk.bearerOf(secret)).toBeUndefined();
  test.clock.pass(1000);
  expect(await desk.revoke(token.id, ANN)).toMatchObject({ revokedAt: NOW });
});

it('refuses to revoke what is not there', async () => {
  await expect(desk.revoke('nothing', ANN)).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND', kind: 'missing' });
});

it('writes who was turned away, from what, and cuts what is too long', async () => {
  const { token } = await desk.create('ci', 'viewer', ANN);
  await desk.denied({ id: token.id, name: 'ci', role: 'viewer' }, 'POST /api/v1/apply');
  await desk.denied(undefined, `GET /${'x'.repeat(5000)}`);
  expect(test.writer.commits.slice(-2).map(({ events }) => events)).toMatchObject([
    [{ type: 'access-denied', result: 'failure', actor: { id: 'ci' }, details: { what: 'POST /api/v1/apply', role: 'viewer' } }],
    [{ type: 'access-denied', actor: { id: 'unknown' }, details: { role: null, what: expect.stringMatching(/^GET \/x{195}$/) } }],
  ]);
});
