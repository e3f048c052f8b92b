import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What transfers have shown of block times. */
export class Calibration1795824300000 implements MigrationInterface {
  readonly name = 'Calibration1795824300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE calibration (kind text NOT NULL PRIMARY KEY, body text NOT NULL)');
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
