export { runServer } from './run.ts';
export { startServer, type Opened, type RunningServer } from './server.ts';
export { clockSetting, SETTINGS, type ServerConfig } from './settings.ts';
