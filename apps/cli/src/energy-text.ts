/** A charge with what it takes of a battery's life: `6.5 mAh (1.9 d)`; without a battery the charge alone. */
export function energyText(mah: number, days: number | undefined): string {
  return days === undefined ? `${mah} mAh` : `${mah} mAh (${days} d)`;
}
