import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { isoOf } from '@drover/kernel';
import { Engine } from '../engine/engine.ts';

/** Public: says that the server runs, and nothing about the fleet. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  readonly #engine: Engine;

  constructor(@Inject(Engine) engine: Engine) {
    this.#engine = engine;
  }

  @Get()
  health(): { status: 'ok'; campaignTime: string } {
    return { status: 'ok', campaignTime: isoOf(this.#engine.clock.now()) };
  }
}
