import { afterEach, describe, expect, it } from '@jest/globals';
import { CampaignClock, monotonicMs, REAL_TIME } from '@drover/platform';
import { Wheel } from './wheel.ts';

describe('the wheel', () => {
  const wheel = new Wheel(new CampaignClock({ ...REAL_TIME, scale: 1000 }));
  afterEach(() => wheel.stop());
  const owner = (skew = 0) => ({ life: 0, skew });
  const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it('fires in the order of time, whatever the order of setting, and never early', async () => {
    const fired: number[] = [];
    const start = monotonicMs();
    const late: number[] = [];
    for (const ms of [30, 5, 20, 12, 5, 25])
      wheel.afterWall(owner(), ms, () => {
        fired.push(ms);
        late.push(monotonicMs() - start - ms);
      });
    await pass(60);
    expect(fired).toEqual([5, 5, 12, 20, 25, 30]);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(wheel.size).toBe(0);
  });

  it('forgets what was set in an earlier life', async () => {
    const fired: string[] = [];
    const device = owner();
    wheel.afterWall(device, 5, () => fired.push('before'));
    device.life += 1;
    wheel.afterWall(device, 5, { due: () => fired.push('after') });
    await pass(30);
    expect(fired).toEqual(['after']);
  });

  it("runs campaign time by the owner's clock", async () => {
    const fired: string[] = [];
    wheel.after(owner(0.5), 20_000, () => fired.push('slow'));
    wheel.after(owner(-0.5), 20_000, () => fired.push('fast'));
    wheel.after(owner(), 20_000, () => fired.push('exact'));
    await pass(60);
    expect(fired).toEqual(['fast', 'exact', 'slow']);
  });
});
