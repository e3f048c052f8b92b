export { startServer, type RunningServer } from './server.ts';
export { clockSetting, SETTINGS, type ServerConfig } from './settings.ts';
