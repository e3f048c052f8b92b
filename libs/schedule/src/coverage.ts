import type { Coverage } from './radio-model.ts';

/** Coupling loss above which coverage level 1 and 2 begin, dB: 144 dB is reached without enhancement, each level adds 10 dB (3GPP TR 45.820). */
const COVERAGE_FROM_DB = [144, 154] as const;

/** Reference signal power of a cell less the loss is what the device measures: -115 dBm at 144 dB. */
const REFERENCE_DBM = 29;

export function lossOfRsrp(rsrpDbm: number): number {
  return REFERENCE_DBM - rsrpDbm;
}

export function coverageAtLoss(lossDb: number): 0 | 1 | 2 {
  return lossDb > COVERAGE_FROM_DB[1] ? 2 : lossDb > COVERAGE_FROM_DB[0] ? 1 : 0;
}

/** What is learnt of a device's radio, from contact to contact: two numbers. */
export interface CoveragePattern {
  /** Smoothed coupling loss, dB. */
  readonly meanDb: number;
  /** Smoothed square of how far a contact is off the mean, dB². */
  readonly varianceDb: number;
}

/** Until a device has shown how much its radio changes, dB². */
const TYPICAL_VARIANCE = 16;
const LEAST_VARIANCE = 1;
const MEAN_WEIGHT = 0.3;
const VARIANCE_WEIGHT = 0.1;

export function learnCoverage(pattern: CoveragePattern | undefined, lossDb: number): CoveragePattern {
  if (!pattern) return { meanDb: lossDb, varianceDb: TYPICAL_VARIANCE };
  const off = lossDb - pattern.meanDb;
  return {
    meanDb: pattern.meanDb + MEAN_WEIGHT * off,
    varianceDb: Math.max(LEAST_VARIANCE, pattern.varianceDb + VARIANCE_WEIGHT * (off * off - pattern.varianceDb)),
  };
}

export type CoverageChances = readonly [number, number, number];

/** How likely each coverage level is at a contact to come. */
export function coverageChances({ meanDb, varianceDb }: CoveragePattern): CoverageChances {
  const sd = Math.sqrt(varianceDb);
  const below0 = normalCdf((COVERAGE_FROM_DB[0] - meanDb) / sd);
  const below1 = normalCdf((COVERAGE_FROM_DB[1] - meanDb) / sd);
  return [below0, below1 - below0, 1 - below1];
}

/** Coverage at the mean: what to plan with. */
export function expectedCoverage({ meanDb }: CoveragePattern): Coverage {
  return coverageAtLoss(meanDb);
}

/** Standard normal distribution, absolute error below 1e-5 (Hastings). */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.33267 * Math.abs(x));
  const tail = 0.3989422804 * Math.exp((-x * x) / 2) * t * (0.4361836 + t * (-0.1201676 + t * 0.937298));
  return x < 0 ? tail : 1 - tail;
}
