/** What a transfer under way is expected to need until its end, bytes on the air. */
export interface DataReservation {
  readonly campaign: string;
  /** SIM pool; undefined where nobody has told it. */
  readonly pool: string | undefined;
  readonly bytes: number;
}

/**
 * What is under way has not been counted yet and cannot be taken back: it is kept free until it is. By update, and summed up
 * as it changes. Derived: rebuilt from the open updates at start.
 */
export class DataLedger {
  readonly #reservations = new Map<string, DataReservation>();
  readonly #sums = new Map<string, number>();

  /** Instead of what was kept for it before. */
  reserve(update: string, reservation: DataReservation | undefined): void {
    const before = this.#reservations.get(update);
    if (before) this.#change(before, -1);
    if (reservation) this.#change(reservation, 1);
    if (reservation) this.#reservations.set(update, reservation);
    else if (before) this.#reservations.delete(update);
  }

  /**
   * Kept for others. Who has something kept for it has been let in already: two that waited for each other would wait for
   * ever, so to these nothing is in the way but what has been moved.
   */
  besides(update: string, { campaign, pool }: Pick<DataReservation, 'campaign' | 'pool'>): { inCampaign: number; inPool: number } {
    if (this.#reservations.has(update)) return { inCampaign: 0, inPool: 0 };
    return { inCampaign: this.inCampaign(campaign), inPool: pool === undefined ? 0 : (this.#sums.get(poolKey(pool)) ?? 0) };
  }

  inCampaign(campaign: string): number {
    return this.#sums.get(campaignKey(campaign)) ?? 0;
  }

  #change({ campaign, pool, bytes }: DataReservation, sign: 1 | -1): void {
    this.#add(campaignKey(campaign), sign * bytes);
    if (pool !== undefined) this.#add(poolKey(pool), sign * bytes);
  }

  #add(key: string, bytes: number): void {
    const sum = (this.#sums.get(key) ?? 0) + bytes;
    if (sum === 0) this.#sums.delete(key);
    else this.#sums.set(key, sum);
  }
}

const campaignKey = (campaign: string): string => `campaign ${campaign}`;
const poolKey = (pool: string): string => `pool ${pool}`;
