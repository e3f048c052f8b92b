const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** For people, in powers of ten as contracts have them: `1.32 kB`, `236 GB`. */
export function volumeText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${UNITS[unit]}`;
}
