import { describe, expect, it } from '@jest/globals';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { notificationFormat, Observations, type Notification } from './observations.ts';

const token = (n: number): Uint8Array => Uint8Array.of(n);
const observed = (n: number) => ({ peer: 'server', token: token(n), path: '/5/0/3', format: 0 });

describe('observations', () => {
  const told: Notification[] = [];
  const tell = (observations: Observations, value: string): number => {
    told.length = 0;
    observations.changed(
      () => Buffer.from(value),
      (notification) => 100 * told.push(notification),
    );
    return told.length;
  };

  it('tell what has changed, once', () => {
    const observations = new Observations();
    expect(observations.begin(observed(1), Buffer.from('0'))).toBe(1);
    expect([tell(observations, '0'), tell(observations, '1'), tell(observations, '1')]).toEqual([0, 1, 0]);
    expect(tell(observations, '2')).toBe(1);
    expect(told[0]).toMatchObject({ sequence: 3, path: '/5/0/3' });
  });

  it('end by their token, or when a notification is refused', () => {
    const observations = new Observations();
    observations.begin(observed(1), Buffer.from('0'));
    observations.begin(observed(2), Buffer.from('0'));
    expect(tell(observations, '1')).toBe(2);
    observations.endByMessage(200);
    expect(tell(observations, '2')).toBe(1);
    observations.end(token(1));
    expect(tell(observations, '3')).toBe(0);
  });

  it('the same token again renews, and the seventeenth is a plain read', () => {
    const observations = new Observations();
    for (let n = 0; n < 16; n++) observations.begin(observed(n), Buffer.from('0'));
    expect(observations.begin(observed(3), Buffer.from('0'))).toBe(1);
    expect(observations.begin(observed(99), Buffer.from('0'))).toBeUndefined();
    expect(observations.size).toBe(16);
  });
});

it.each([
  [CONTENT_FORMAT.TLV, '/5/0/3', 'text', CONTENT_FORMAT.TEXT],
  [CONTENT_FORMAT.TLV, '/5/0', 'text', CONTENT_FORMAT.TLV],
  [CONTENT_FORMAT.TLV, '/5/0/3', 'asked', CONTENT_FORMAT.TLV],
] as const)('format %d of %s notified as %s is %d', (asked, path, as, expected) => {
  expect(notificationFormat(asked, path, as)).toBe(expected);
});
