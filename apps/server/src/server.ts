import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DEFAULT_NAMESPACE, DroverError } from '@drover/kernel';
import { ObjectModels } from '@drover/lwm2m';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { loadSnapshot, openDatabase, pruneTimeline, Reader, startCheckpoints, takeLease, Writer } from '@drover/persistence';
import { CampaignClock, type Logger } from '@drover/platform';
import { ApiModule } from './api/api.module.ts';
import type { Security } from './api/health.controller.ts';
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
import { readAuthority, readCertificates } from './gateway/dtls/own-certificate.ts';
import { openKeys, type OpenedKeys } from './keys/open-keys.ts';
import { hintSourcesOf } from './network/sources.ts';
import { loadObjectModels } from './object-model-files.ts';
import { loadSecrets } from './secrets.ts';
import { laxityOf, warnOf } from './laxity.ts';
import { clockSetting, type ServerConfig } from './settings.ts';

/** Where devices come in; undefined where that is off. */
export interface DeviceAddresses {
  /** Without security; undefined where that is refused. */
  readonly coapUri: string | undefined;
  readonly coapsUri: string | undefined;
  readonly coapTcpUri: string | undefined;
  readonly coapsTcpUri: string | undefined;
  readonly bootstrapUri: string | undefined;
  readonly bootstrapsUri: string | undefined;
}

export interface RunningServer extends DeviceAddresses {
  readonly httpUrl: string;
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
  requireWayIn(config);
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
  const snapshot = await loadSnapshot(database);
  const keys = await openKeys(config, snapshot.dataKeys, log);
  const start = gatewayStart(config, { blobs: blobFolder, clock: clock.setting, objectModels, keySource: keys.source });
  readCertificates(start.certificates);
  readAuthority(start.enrolment);
  const { link, addresses } = await startGateway(start, onFatal);
  const engine = new Engine({
    state: await stateFrom(snapshot, trust, clock.now()),
    clock,
    log,
    epoch,
    secrets,
    writer,
    link,
  });
  const evidence = new EvidenceDesk({ engine, log: auditLog, reader, keys: secrets });

  const hintSources = hintSourcesOf(config, clock);
  const parts = EngineModule.with({ engine, reader, blobs, models, evidence, keys: keys.shelf, hintSources, onFatal });
  const app = await createHttp(ApiModule.with(parts, laxityOf(config)), log);
  const firstToken = await app.get(TokenDesk).firstToken();
  await noteStart(engine, keys, { epoch, timeScale: clock.setting.scale, ...laxityOf(config) });
  await recover(engine, app.get(DeviceStepper), { dataKeys: keys.dataKeys, sessions: snapshot.sessions });
  const loop = app.get(EngineLoop);
  loop.start(link);
  await app.listen(config.httpPort, config.httpHost);
  const { devices, campaigns } = engine.state;
  log.info({ epoch, ...addresses, devices: devices.size, campaigns: campaigns.size }, 'server started');
  warnOf(config, log);
  return {
    httpUrl: await app.getUrl(),
    ...addresses,
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

/** In the log from its first event on: who was let in without security, and whether somebody else can read what is said. */
async function noteStart(engine: Engine, keys: OpenedKeys, details: Security & { epoch: number; timeScale: number }): Promise<void> {
  await engine.change((unit) => {
    keys.store(unit);
    unit.audit(draft('server-started', unit.now, { namespace: DEFAULT_NAMESPACE }, { ...details }));
  });
  for (const { secret } of engine.state.credentials.values()) if (secret) keys.shelf.ring.noteUse(secret);
}

function requireWayIn({ noSec, oscore, coapsPort, coapsTcpPort, bootstrapPort, bootstrapNoSec }: ServerConfig): void {
  if (bootstrapPort !== 'off' && bootstrapNoSec === 'refused')
    throw new DroverError(
      'CONFIG_INVALID',
      'input',
      '--bootstrap-port hands out keys without security: that needs --bootstrap-no-sec allowed',
    );
  if (noSec === 'refused' && oscore === 'off' && coapsPort === 'off' && (coapsTcpPort === 'off' || coapsTcpPort === 'same'))
    throw new DroverError(
      'CONFIG_INVALID',
      'input',
      'no device could come in: --coaps-port is off, --oscore is off, and --no-sec is not "allowed"',
    );
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

function gatewayStart(config: ServerConfig, more: Pick<GatewayStart, 'blobs' | 'clock' | 'objectModels' | 'keySource'>): GatewayStart {
  return {
    ...more,
    host: config.coapHost,
    port: config.noSec === 'allowed' || config.oscore === 'on' ? config.coapPort : 'off',
    oscoreOnly: config.noSec !== 'allowed' && config.oscore === 'on',
    tcpPort: config.noSec === 'allowed' ? config.coapTcpPort : 'off',
    dtlsPort: config.coapsPort,
    tlsPort: config.coapsTcpPort,
    bootstrapPort: config.bootstrapPort,
    bootstrapsPort: config.bootstrapsPort,
    publicUri: config.publicCoapUri || undefined,
    publicDtlsUri: config.publicCoapsUri || undefined,
    publicTcpUri: config.publicCoapTcpUri || undefined,
    publicTlsUri: config.publicCoapsTcpUri || undefined,
    fileHost: config.fileHost,
    certificates: {
      key: config.dtlsKey,
      certificate: config.dtlsCertificate,
      clientCa: config.dtlsClientCa,
      revocationLists: config.dtlsRevocationLists,
    },
    enrolment: { key: config.enrolmentKey, certificate: config.enrolmentCertificate, days: config.enrolmentDays },
    keyLog: config.devKeyLog || undefined,
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
  readonly addresses: DeviceAddresses;
}

function startGateway(start: GatewayStart, onFatal: (error: unknown) => void): Promise<StartedGateway> {
  const worker = new Worker(new URL('./gateway/main.js', import.meta.url), { workerData: start, resourceLimits: GATEWAY_MEMORY });
  worker.on('error', onFatal);
  const link = new MessagePortLink<ToGateway, FromGateway>(worker);
  return new Promise((resolve, reject) => {
    link.onMessage((message) => {
      if (message.type === 'ready') {
        const { address, port, dtlsPort, tcpPort, tlsPort, bootstrapPort, bootstrapsPort } = message;
        const at = (scheme: string, at: number | undefined): string | undefined =>
          at === undefined ? undefined : `${scheme}://${address}:${at}`;
        const plain = { coapUri: at('coap', port), coapTcpUri: at('coap+tcp', tcpPort), bootstrapUri: at('coap', bootstrapPort) };
        const secured = {
          coapsUri: at('coaps', dtlsPort),
          coapsTcpUri: at('coaps+tcp', tlsPort),
          bootstrapsUri: at('coaps', bootstrapsPort),
        };
        resolve({ link, addresses: { ...plain, ...secured } });
      }
      if (message.type === 'fatal')
        reject(new DroverError('GATEWAY_FAILED', 'transport', `the gateway cannot start: ${message.code} ${message.message}`));
    });
  });
}
