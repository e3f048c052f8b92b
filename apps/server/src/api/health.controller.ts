import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { isoOf } from '@drover/kernel';
import { Engine } from '../engine/engine.ts';

/** What everybody may know of how devices come in. */
export abstract class Security {
  abstract readonly noSec: 'refused' | 'allowed';
  abstract readonly bootstrapNoSec: 'refused' | 'allowed';
  /** The secrets of sessions are written to a file. */
  abstract readonly keyLog?: true;
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
    const { noSec, bootstrapNoSec, keyLog } = this.#security;
    const warnings = [
      ...(noSec === 'allowed' ? ['CoAP without security (NoSec) is open'] : []),
      ...(bootstrapNoSec === 'allowed' ? ['bootstrap without security (NoSec) is open'] : []),
      ...(keyLog ? ['the secrets of sessions are written to a file (development only)'] : []),
    ];
    return { status: 'ok', campaignTime: isoOf(this.#engine.clock.now()), warnings };
  }
}
