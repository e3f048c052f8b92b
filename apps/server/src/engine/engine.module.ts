import { type DynamicModule, Module } from '@nestjs/common';
import { Entropy } from '@drover/kernel';
import type { BlobStore } from '@drover/firmware-store/stores';
import { Reader } from '@drover/persistence';
import type { ObjectModels } from '@drover/lwm2m';
import { monotonicMs, SystemEntropy } from '@drover/platform';
import { ForecastDesk } from '../outlook/forecast-desk.ts';
import { OutlookThread } from '../outlook/outlook-thread.ts';
import { AppointmentDesk } from './appointment-desk.ts';
import type { KeyShelf } from '../keys/key-shelf.ts';
import type { HintSource } from '../network/hint-source.ts';
import { BootstrapDesk } from '../bootstrap/bootstrap-desk.ts';
import { BootstrapWishes } from '../bootstrap/bootstrap-wishes.ts';
import { TemplateDesk } from '../bootstrap/template-desk.ts';
import { RotationDesk } from '../rotation/rotation-desk.ts';
import { RotationStepper } from '../rotation/rotation-stepper.ts';
import { RotationTicker } from '../rotation/rotation-ticker.ts';
import { CampaignControl } from './campaign-control.ts';
import { Campaigns } from './campaigns.ts';
import { CarrierDesk } from './carrier-desk.ts';
import { ClassDesk } from './class-desk.ts';
import { CredentialDesk } from './credential-desk.ts';
import { ContactHandler } from './contact-handler.ts';
import { DeviceDesk } from './device-desk.ts';
import { DeviceStepper } from './device-stepper.ts';
import { EngineLoop } from './engine-loop.ts';
import { Engine } from './engine.ts';
import { EvidenceDesk } from './evidence-desk.ts';
import { Explainer } from './explain.ts';
import { FirmwareDesk } from './firmware-desk.ts';
import { GatewayLooks } from './gateway-looks.ts';
import { HintDesk } from './hint-desk.ts';
import { ModelDesk } from './model-desk.ts';
import { HoldDesk } from './hold-desk.ts';
import { OperationDesk } from './operation-desk.ts';
import { RollbackDesk } from './rollback-desk.ts';
import { RolloutTicker } from './rollout-ticker.ts';
import { GatewayHears } from './gateway-hears.ts';
import { StagedControl } from './staged-control.ts';
import { SessionKeeper } from './session-keeper.ts';
import { TokenDesk } from './token-desk.ts';
import { TraceDesk } from './trace-desk.ts';
import { TrustDesk } from './trust-desk.ts';
import { UpdateDesk } from './update-desk.ts';
import { UpdateFactHandler } from './update-fact-handler.ts';

/** What must exist before anything can be wired: made in `main.ts`, where waiting is allowed. */
export interface EngineParts {
  readonly engine: Engine;
  readonly reader: Reader;
  readonly blobs: BlobStore;
  readonly models: ObjectModels;
  readonly evidence: EvidenceDesk;
  readonly keys: KeyShelf;
  readonly hintSources: readonly HintSource[];
  readonly onFatal: (error: unknown) => void;
}

/** What people look at beside campaigns. */
const INSIGHT = [
  { provide: CarrierDesk, inject: [Engine], useFactory: (e: Engine) => new CarrierDesk(e) },
  { provide: ClassDesk, inject: [Engine], useFactory: (e: Engine) => new ClassDesk(e) },
  { provide: ModelDesk, inject: [Engine], useFactory: (e: Engine) => new ModelDesk(e) },
  { provide: GatewayLooks, inject: [Engine], useFactory: (e: Engine) => new GatewayLooks(e) },
  { provide: TraceDesk, inject: [Engine, GatewayLooks], useFactory: (e: Engine, looks: GatewayLooks) => new TraceDesk(e, looks) },
  {
    provide: ForecastDesk,
    inject: [Engine, Entropy],
    useFactory: (engine: Engine, entropy: Entropy) =>
      new ForecastDesk({ engine, runner: new OutlookThread(), entropy, wallNow: monotonicMs }),
  },
];

/** What people decide about campaigns that have gone wrong, and about single devices. */
const REMEDIES = [
  {
    provide: RollbackDesk,
    inject: [Engine, Campaigns, TrustDesk, RolloutTicker],
    useFactory: (engine: Engine, campaigns: Campaigns, trust: TrustDesk, ticker: RolloutTicker) =>
      new RollbackDesk({ engine, campaigns, trust, ticker }),
  },
  {
    provide: AppointmentDesk,
    inject: [Engine, DeviceStepper],
    useFactory: (e: Engine, stepper: DeviceStepper) => new AppointmentDesk(e, stepper),
  },
  { provide: UpdateDesk, inject: [Engine, DeviceStepper], useFactory: (e: Engine, stepper: DeviceStepper) => new UpdateDesk(e, stepper) },
];

/** Who devices are. */
const securityWith = (keys: KeyShelf) => [
  { provide: CredentialDesk, inject: [Engine], useFactory: (e: Engine) => new CredentialDesk(e, keys) },
  {
    provide: BootstrapDesk,
    inject: [Engine, Entropy],
    useFactory: (e: Engine, entropy: Entropy) => new BootstrapDesk(e, keys, entropy),
  },
  { provide: BootstrapWishes, inject: [Engine], useFactory: (e: Engine) => new BootstrapWishes(e) },
  { provide: RotationDesk, inject: [Engine], useFactory: (e: Engine) => new RotationDesk(e) },
  {
    provide: RotationStepper,
    inject: [Engine, BootstrapWishes],
    useFactory: (e: Engine, wishes: BootstrapWishes) => new RotationStepper(e, wishes),
  },
  {
    provide: RotationTicker,
    inject: [Engine, RolloutTicker, RotationStepper],
    useFactory: (e: Engine, decisions: RolloutTicker, stepper: RotationStepper) => new RotationTicker(e, decisions, stepper),
  },
  {
    provide: StagedControl,
    inject: [Engine, RolloutTicker],
    useFactory: (e: Engine, { stages }: RolloutTicker) => new StagedControl(e, stages),
  },
  { provide: TemplateDesk, inject: [Engine], useFactory: (e: Engine) => new TemplateDesk(e) },
  { provide: GatewayHears, inject: [Engine], useFactory: (e: Engine) => new GatewayHears(e) },
  { provide: SessionKeeper, inject: [Engine], useFactory: (e: Engine) => new SessionKeeper(e) },
];

/** Everything that Git says. */
const campaignsWith = (blobs: BlobStore) => ({
  provide: Campaigns,
  inject: [Engine, TrustDesk, RotationDesk],
  useFactory: (engine: Engine, trust: TrustDesk, rotations: RotationDesk) => new Campaigns({ engine, trust, blobs, rotations }),
});

const loopWith = (onFatal: EngineParts['onFatal']) => ({
  provide: EngineLoop,
  inject: [
    Engine,
    ContactHandler,
    UpdateFactHandler,
    RolloutTicker,
    OperationDesk,
    GatewayLooks,
    RollbackDesk,
    AppointmentDesk,
    CarrierDesk,
    HintDesk,
    SessionKeeper,
    GatewayHears,
    BootstrapDesk,
    BootstrapWishes,
    RotationStepper,
    RotationTicker,
  ],
  useFactory: (
    e: Engine,
    contacts: ContactHandler,
    updates: UpdateFactHandler,
    ticker: RolloutTicker,
    operations: OperationDesk,
    looks: GatewayLooks,
    rollbacks: RollbackDesk,
    appointments: AppointmentDesk,
    carriers: CarrierDesk,
    hints: HintDesk,
    sessions: SessionKeeper,
    hears: GatewayHears,
    bootstraps: BootstrapDesk,
    wishes: BootstrapWishes,
    stepper: RotationStepper,
    rotationTicker: RotationTicker,
  ) =>
    new EngineLoop({
      engine: e,
      contacts,
      updates,
      ticker,
      operations,
      looks,
      rollbacks,
      appointments,
      carriers,
      hints,
      sessions,
      hears,
      bootstraps,
      wishes,
      rotations: { stepper, ticker: rotationTicker },
      onFatal,
    }),
});

@Module({})
export class EngineModule {
  static with({ engine, reader, blobs, models, evidence, keys, hintSources, onFatal }: EngineParts): DynamicModule {
    const providers = [
      { provide: Engine, useValue: engine },
      { provide: Reader, useValue: reader },
      { provide: EvidenceDesk, useValue: evidence },
      { provide: Entropy, useClass: SystemEntropy },
      { provide: TrustDesk, inject: [Engine], useFactory: ({ state }: Engine) => new TrustDesk(state) },
      { provide: DeviceStepper, inject: [Engine, TrustDesk], useFactory: (e: Engine, trust: TrustDesk) => new DeviceStepper(e, trust) },
      {
        provide: RolloutTicker,
        inject: [Engine, DeviceStepper],
        useFactory: (e: Engine, stepper: DeviceStepper) => new RolloutTicker(e, stepper),
      },
      {
        provide: ContactHandler,
        inject: [Engine, DeviceStepper],
        useFactory: (e: Engine, stepper: DeviceStepper) => new ContactHandler(e, stepper),
      },
      {
        provide: UpdateFactHandler,
        inject: [Engine, DeviceStepper, ContactHandler, RolloutTicker],
        useFactory: (e: Engine, stepper: DeviceStepper, contacts: ContactHandler, ticker: RolloutTicker) =>
          new UpdateFactHandler({ engine: e, stepper, contacts, ticker }),
      },
      campaignsWith(blobs),
      {
        provide: CampaignControl,
        inject: [Engine, RolloutTicker],
        useFactory: (e: Engine, { stages }: RolloutTicker) => new CampaignControl(e, stages),
      },
      {
        provide: HoldDesk,
        inject: [Engine, CampaignControl, Entropy],
        useFactory: (e: Engine, control: CampaignControl, entropy: Entropy) => new HoldDesk(e, control, entropy),
      },
      { provide: TokenDesk, inject: [Engine, Entropy], useFactory: (e: Engine, entropy: Entropy) => new TokenDesk(e, entropy) },
      {
        provide: OperationDesk,
        inject: [Engine, Entropy],
        useFactory: (e: Engine, entropy: Entropy) => new OperationDesk({ engine: e, models, entropy, wallNow: monotonicMs }),
      },
      {
        provide: HintDesk,
        inject: [Engine],
        useFactory: (e: Engine) => new HintDesk({ engine: e, sources: hintSources, wallNow: monotonicMs }),
      },
      { provide: DeviceDesk, inject: [Engine], useFactory: (e: Engine) => new DeviceDesk(e) },
      {
        provide: FirmwareDesk,
        inject: [Engine, TrustDesk, DeviceStepper],
        useFactory: (e: Engine, trust: TrustDesk, stepper: DeviceStepper) => new FirmwareDesk({ engine: e, trust, stepper, blobs }),
      },
      { provide: Explainer, inject: [Engine, DeviceStepper], useFactory: (e: Engine, stepper: DeviceStepper) => new Explainer(e, stepper) },
      ...securityWith(keys),
      ...INSIGHT,
      ...REMEDIES,
      loopWith(onFatal),
    ];
    return { module: EngineModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
