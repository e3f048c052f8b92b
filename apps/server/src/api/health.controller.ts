import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { isoOf } from '@drover/kernel';
import { Engine } from '../engine/engine.ts';

/** What everybody may know of how devices come in. */
export abstract class Security {
  abstract readonly noSec: 'refused' | 'allowed';
  abstract readonly bootstrapNoSec: 'refused' | 'allowed';
}

/** Public: says that the server runs, and nothing about the fleet. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  readonly #engine: Engine;
  readonly #security: Security;

  constructor(@Inject(Engine) engine: Engine, @Inject(Security) security: Security) {
    this.#engine = engine;
    this.#security = security;
  }

  @Get()
  health(): { status: 'ok'; campaignTime: string; warnings: string[] } {
    const warnings = [
      ...(this.#security.noSec === 'allowed' ? ['CoAP without security (NoSec) is open'] : []),
      ...(this.#security.bootstrapNoSec === 'allowed' ? ['bootstrap without security (NoSec) is open'] : []),
    ];
    return { status: 'ok', campaignTime: isoOf(this.#engine.clock.now()), warnings };
  }
}
