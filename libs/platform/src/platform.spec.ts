import { expect, it } from '@jest/globals';
import { Instant } from '@drover/kernel';
import { CampaignClock, number, oneOf, port, readConfig, text } from './index.ts';

const SETTINGS = {
  httpPort: port(8470, 'HTTP'),
  data: text('./data', 'folder'),
  logLevel: oneOf(['info', 'debug'], 'info', 'log'),
  timeScale: number(1, 'scale', { min: 1, max: 1e6 }),
};

it('reads options over environment over defaults', () => {
  const config = readConfig(SETTINGS, ['--http-port', '1', '--data=x=y'], { DROVER_HTTP_PORT: '2', DROVER_LOG_LEVEL: 'debug' });
  expect(config).toEqual({ httpPort: 1, data: 'x=y', logLevel: 'debug', timeScale: 1 });
});

it('reports all faults together', () => {
  const read = () =>
    readConfig(SETTINGS, ['--http-port', '70000', '--speed', '3', '--data'], { DROVER_LOG_LEVEL: 'loud', DROVER_TIME_SCALE: '' });
  expect(read).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', kind: 'input' }));
  expect(read).toThrow(/--http-port[\s\S]*|unknown option --speed[\s\S]*|--data needs a value[\s\S]*|--log-level[\s\S]*|--time-scale/);
  try {
    read();
  } catch (error) {
    expect((error as Error).message.split('\n')).toHaveLength(6);
  }
});

it('runs campaign time at its scale from its origin', () => {
  const clock = new CampaignClock({ campaignOrigin: Instant(1_000_000), wallOrigin: Date.now() - 1000, scale: 60 });
  expect(clock.now() - 1_060_000).toBeLessThan(60_000);
  expect(clock.now()).toBeGreaterThanOrEqual(1_060_000);
  expect(clock.wallMs(60_000)).toBe(1000);
});
