import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Nobody asks for updates by their state: the engine counts them in memory, and each change paid for it. */
export class NoIndexByState1795824200000 implements MigrationInterface {
  readonly name = 'NoIndexByState1795824200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX device_update_by_state');
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
