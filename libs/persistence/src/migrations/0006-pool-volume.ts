import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What updates have moved on the SIMs of each pool, month by month. */
export class PoolVolume1795824400000 implements MigrationInterface {
  readonly name = 'PoolVolume1795824400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE pool_volume (pool text NOT NULL, month text NOT NULL, body text NOT NULL, PRIMARY KEY (pool, month))');
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
