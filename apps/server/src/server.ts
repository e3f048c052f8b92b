import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DEFAULT_NAMESPACE, DroverError } from '@drover/kernel';
import { ObjectModels } from '@drover/lwm2m';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { loadSnapshot, openDatabase, pruneTimeline, Reader, startCheckpoints, takeLease, Writer } from '@drover/persistence';
import { CampaignClock, type Logger } from '@drover/platform';
import { ApiModule } from './api/api.module.ts';
import { createHttp } from './api/http.ts';
import { draft } from './engine/audit-drafts.ts';
import { openAuditLog } from './engine/audit-log.ts';
import { AWAKE_MS } from './engine/contact-handler.ts';
import { DeviceStepper } from './engine/device-stepper.ts';
import { EngineLoop } from './engine/engine-loop.ts';
import { Engine } from './engine/engine.ts';
import { EngineModule } from './engine/engine.module.ts';
import { EvidenceDesk } from './engine/evidence-desk.ts';
import { recover, stateFrom } from './engine/recovery.ts';
import { TokenDesk } from './engine/token-desk.ts';
import { MessagePortLink, type EngineLink } from './link/link.ts';
import type { FromGateway, GatewayStart, ToGateway } from './link/messages.ts';
import { hintSourcesOf } from './network/sources.ts';
import { loadObjectModels } from './object-model-files.ts';
import { loadSecrets } from './secrets.ts';
import { clockSetting, type ServerConfig } from './settings.ts';

export interface RunningServer {
  readonly httpUrl: string;
  readonly coapUri: string;
  readonly coapTcpUri: string | undefined;
  readonly firstToken: string | undefined;
  stop(): Promise<void>;
}

/** Gets the writer's connection before anything is written by it. */
export type Opened = (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<void>;

interface Around {
  readonly log: Logger;
  readonly onFatal: (error: unknown) => void;
  readonly opened?: Opened;
}

/** Starts all roles in one process: database, engine and API here, the gateway in a thread of its own. */
export async function startServer(config: ServerConfig, { log, onFatal, opened }: Around): Promise<RunningServer> {
  const objectModels = loadObjectModels(config.objectModels);
  const models = ObjectModels.with(objectModels);
  mkdirSync(config.data, { recursive: true });
  const secrets = loadSecrets(config.data);
  const { database, readDatabase, epoch, checkpoints } = await openStore(join(config.data, 'drover.sqlite'), { log, opened });
  const clock = new CampaignClock(clockSetting(config, Date.now()));
  const reader = new Reader(readDatabase);
  const { auditLog, trust } = await openAuditLog(reader);
  const writer = new Writer(database, { log: auditLog, epoch, onFatal });
  const blobFolder = join(config.data, 'firmware');
  const blobs = await DirectoryBlobStore.start(blobFolder);
  const start = gatewayStart(config, { blobs: blobFolder, clock: clock.setting, objectModels });
  const { link, coap, coapTcp } = await startGateway(start, onFatal);
  const engine = new Engine({
    state: await stateFrom(await loadSnapshot(database), trust, clock.now()),
    clock,
    log,
    epoch,
    secrets,
    writer,
    link,
  });
  const evidence = new EvidenceDesk({ engine, log: auditLog, reader, keys: secrets });

  const app = await createHttp(
    ApiModule.with(EngineModule.with({ engine, reader, blobs, models, evidence, hintSources: hintSourcesOf(config, clock), onFatal })),
    log,
  );
  const firstToken = await app.get(TokenDesk).firstToken();
  await engine.change((unit) =>
    unit.audit(draft('server-started', unit.now, { namespace: DEFAULT_NAMESPACE }, { epoch, timeScale: clock.setting.scale })),
  );
  await recover(engine, app.get(DeviceStepper));
  const loop = app.get(EngineLoop);
  loop.start(link);
  await app.listen(config.httpPort, config.httpHost);
  log.info({ epoch, coap, devices: engine.state.devices.size, campaigns: engine.state.campaigns.size }, 'server started');
  if (clock.setting.scale !== 1) log.warn({ scale: clock.setting.scale }, 'campaign time is compressed');
  log.warn({}, 'CoAP runs without security (NoSec): use it in closed networks only');
  return {
    httpUrl: await app.getUrl(),
    coapUri: coap,
    coapTcpUri: coapTcp,
    firstToken,
    stop: async () => {
      await app.close();
      loop.stop();
      link.send({ type: 'close' });
      await writer.drain();
      await checkpoints.stop();
      await database.destroy();
      await readDatabase.destroy();
    },
  };
}

/** Two connections, one for the writer and one for long reads, and the lease without which nothing may be written. */
async function openStore(file: string, { log, opened }: Pick<Around, 'log' | 'opened'>) {
  const database = await openDatabase(file);
  await opened?.(database);
  const readDatabase = await openDatabase(file);
  const epoch = await takeLease(database);
  await pruneTimeline(database);
  const checkpoints = await startCheckpoints(database, file, (error) =>
    log.warn({ err: error }, 'commits move the log of the database themselves from now on'),
  );
  return { database, readDatabase, epoch, checkpoints };
}

function gatewayStart(config: ServerConfig, more: Pick<GatewayStart, 'blobs' | 'clock' | 'objectModels'>): GatewayStart {
  return {
    ...more,
    host: config.coapHost,
    port: config.coapPort,
    tcpPort: config.coapTcpPort,
    publicUri: config.publicCoapUri || undefined,
    publicTcpUri: config.publicCoapTcpUri || undefined,
    fileHost: config.fileHost,
    cache: join(config.data, 'gateway-cache'),
    logLevel: config.logLevel,
    awakeMs: AWAKE_MS,
    takeover: config.takeover,
  };
}

/** Of the gateway's thread, MB: room for a million registrations; what a block or a contact leaves behind is soon gone. */
const GATEWAY_MEMORY = { maxOldGenerationSizeMb: 4096, maxYoungGenerationSizeMb: 16 };

interface StartedGateway {
  readonly link: EngineLink;
  readonly coap: string;
  readonly coapTcp: string | undefined;
}

function startGateway(start: GatewayStart, onFatal: (error: unknown) => void): Promise<StartedGateway> {
  const worker = new Worker(new URL('./gateway/main.js', import.meta.url), { workerData: start, resourceLimits: GATEWAY_MEMORY });
  worker.on('error', onFatal);
  const link = new MessagePortLink<ToGateway, FromGateway>(worker);
  return new Promise((resolve, reject) => {
    link.onMessage((message) => {
      if (message.type === 'ready') {
        const { address, port, tcpPort } = message;
        resolve({
          link,
          coap: `coap://${address}:${port}`,
          coapTcp: tcpPort === undefined ? undefined : `coap+tcp://${address}:${tcpPort}`,
        });
      }
      if (message.type === 'fatal')
        reject(new DroverError('GATEWAY_FAILED', 'transport', `the gateway cannot start: ${message.code} ${message.message}`));
    });
  });
}
