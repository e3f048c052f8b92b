import { First1764547200000 } from './0001-first.ts';
import { PlanParts1795824000000 } from './0002-plan-parts.ts';
import { Carriers1795824100000 } from './0003-carriers.ts';
import { NoIndexByState1795824200000 } from './0004-no-index-by-state.ts';
import { Calibration1795824300000 } from './0005-calibration.ts';
import { PoolVolume1795824400000 } from './0006-pool-volume.ts';
import { Credentials1795824500000 } from './0007-credentials.ts';
import { Bootstrap1795824700000 } from './0009-bootstrap.ts';
import { Rotation1795824800000 } from './0010-rotation.ts';

/** In the order in which they are carried out. */
export const MIGRATIONS = [
  First1764547200000,
  PlanParts1795824000000,
  Carriers1795824100000,
  NoIndexByState1795824200000,
  Calibration1795824300000,
  PoolVolume1795824400000,
  Credentials1795824500000,
  Bootstrap1795824700000,
  Rotation1795824800000,
];
