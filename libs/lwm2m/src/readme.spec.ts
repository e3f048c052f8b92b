import { expect, it } from '@jest/globals';
import { begin, next, ObjectModels, operationRequest, parseObjectXml } from './index.ts';
import type { FirmwareOrder } from './index.ts';

it('the example of the README', () => {
  const order: FirmwareOrder = {
    attempt: 'a',
    method: 'Auto',
    uris: [{ scheme: 'coap', uri: 'coap://fw/1' }],
    size: 1,
    expectedVersion: '2',
    activation: { automaticUpgrade: 'Off' },
    inactivityMs: 1,
  };
  const now = 0;

  const { conversation, actions } = begin(order, now);
  const step = next(conversation, { type: 'no-answer', op: { type: 'read', path: '/5/0' } }, now);
  const again = next(step.conversation, { type: 'contact' }, now + 60_000);

  expect(actions).toEqual([{ type: 'read', path: '/5/0' }]);
  expect(step.actions).toEqual([]);
  expect(again.actions).toEqual(actions);
});

it('the example of operations', () => {
  const item = '<Item ID="1"><Name>Open</Name><Operations>RW</Operations><MultipleInstances>Single</MultipleInstances>';
  const xml = `<LWM2M><Object><Name>Valve</Name><ObjectID>26300</ObjectID><MultipleInstances>Single</MultipleInstances>
    <Mandatory>Optional</Mandatory><Resources>${item}<Mandatory>Optional</Mandatory><Type>Boolean</Type></Item></Resources></Object></LWM2M>`;

  const models = ObjectModels.with(parseObjectXml(xml));
  const device = { lwm2mVersion: '1.1', contentFormats: [], rootPath: '/', models } as const;
  const sent = operationRequest({ type: 'write', path: '/1/0/1', value: 300 }, device);
  const kept = operationRequest({ type: 'write', path: '/5/0/11', value: 9 }, device);

  expect(sent).toMatchObject({ method: 'PUT', path: ['1', '0', '1'], contentFormat: 0, payload: Buffer.from('300') });
  expect(kept).toMatchObject({ type: 'refused', code: 'VALUE_RANGE', why: expect.stringContaining('0..2') });
  expect(models.resource('/26300/0/1')).toMatchObject({ name: 'Open', type: 'Boolean' });
});
