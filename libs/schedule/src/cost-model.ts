import { DEFAULT_ENERGY_MODEL, type EnergyModel } from './energy-model.ts';
import { DEFAULT_RADIO_MODEL, type RadioModel } from './radio-model.ts';

/** All that costs are counted by. Plain data: it goes to other threads as it is. */
export interface CostModel {
  readonly radio: RadioModel;
  readonly energy: EnergyModel;
  /** How much longer blocks of each kind take than by these figures, as transfers have shown: by `blockKindIndex`. */
  readonly factors?: Float64Array | undefined;
}

export const DEFAULT_COST_MODEL: CostModel = { radio: DEFAULT_RADIO_MODEL, energy: DEFAULT_ENERGY_MODEL };
