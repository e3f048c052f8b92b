import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { TokenDesk } from '../engine/token-desk.ts';
import { AuditController } from './audit.controller.ts';
import { BootstrapsController } from './bootstraps.controller.ts';
import { CellsController } from './cells.controller.ts';
import { CampaignsController } from './campaigns.controller.ts';
import { DeviceClassesController } from './device-classes.controller.ts';
import { DeviceInsightController } from './device-insight.controller.ts';
import { DeviceOperationsController } from './device-operations.controller.ts';
import { DeviceUpdatesController } from './device-updates.controller.ts';
import { SuspectsController } from './suspects.controller.ts';
import { ModelsController } from './models.controller.ts';
import { NetworkController } from './network.controller.ts';
import { RotationsController } from './rotations.controller.ts';
import { RollbacksController } from './rollbacks.controller.ts';
import { DevicesController } from './devices.controller.ts';
import { FirmwareController } from './firmware.controller.ts';
import { ForecastsController } from './forecasts.controller.ts';
import { HealthController, Security } from './health.controller.ts';
import { HoldsController } from './holds.controller.ts';
import { CredentialsController } from './credentials.controller.ts';
import { TokenGuard } from './token.guard.ts';
import { TokensController } from './tokens.controller.ts';

@Module({})
export class ApiModule {
  static with(engine: DynamicModule, security: Security): DynamicModule {
    return {
      module: ApiModule,
      imports: [engine],
      controllers: [
        HealthController,
        CampaignsController,
        RollbacksController,
        ForecastsController,
        CellsController,
        NetworkController,
        SuspectsController,
        DeviceUpdatesController,
        DevicesController,
        DeviceOperationsController,
        DeviceInsightController,
        DeviceClassesController,
        ModelsController,
        FirmwareController,
        HoldsController,
        TokensController,
        CredentialsController,
        BootstrapsController,
        RotationsController,
        AuditController,
      ],
      providers: [
        { provide: Security, useValue: security },
        {
          provide: APP_GUARD,
          inject: [TokenDesk, Reflector],
          useFactory: (tokens: TokenDesk, reflector: Reflector) => new TokenGuard(tokens, reflector),
        },
      ],
    };
  }
}
