/**
 * Why an update of a device failed: one list everywhere. The first ten are Object 5 results 2–11 in order;
 * the rest is what only the server can know.
 */
export const FAILURE_CLASSES = [
  'InsufficientFlash',
  'OutOfMemory',
  'ConnectionLost',
  'Integrity',
  'UnsupportedPackage',
  'InvalidURI',
  'UpdateFailed',
  'UnsupportedProtocol',
  'Cancelled',
  'Deferred',
  'Refused',
  'InstallTimeout',
  'VersionMismatch',
  'RolledBack',
  'SuspectedBrick',
  'Unreachable',
  'EnergyBudget',
  'DataCap',
  'Unknown',
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];
