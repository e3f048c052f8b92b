export { CampaignClock, monotonicMs, REAL_TIME, type ClockSetting } from './campaign-clock.ts';
export { number, oneOf, optionOf, port, readConfig, text, variableOf, type ConfigOf, type Setting, type Settings } from './config.ts';
export { SystemEntropy } from './entropy.ts';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logging.ts';
