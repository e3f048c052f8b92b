import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { isoOf } from '@drover/kernel';
import { CellsQuery, type CellsView } from '@drover/contracts';
import { Engine } from '../engine/engine.ts';
import { cellsOf } from '../outlook/cells.ts';
import { inSlices } from '../engine/in-slices.ts';
import { cellView } from '../outlook/views.ts';
import { Needs } from './permissions.ts';

/** Carriers as admission sees them now: what is on them, who waits, what is promised. */
@ApiTags('cells')
@ApiBearerAuth()
@Controller('cells')
export class CellsController {
  readonly #engine: Engine;

  constructor(@Inject(Engine) engine: Engine) {
    this.#engine = engine;
  }

  @Get()
  @Needs('read')
  async list(@Query() { hot, limit }: CellsQuery): Promise<CellsView> {
    const { state, clock } = this.#engine;
    const now = clock.now();
    const all = await inSlices(cellsOf(state, now));
    const wanted = hot ? all.filter(({ isHot }) => isHot) : all;
    return { at: isoOf(now), total: wanted.length, cells: wanted.slice(0, limit).map(cellView) };
  }
}
