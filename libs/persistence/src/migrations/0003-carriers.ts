import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What has been found out about carriers. */
export class Carriers1795824100000 implements MigrationInterface {
  readonly name = 'Carriers1795824100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE carrier (carrier text NOT NULL PRIMARY KEY, body text NOT NULL)');
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
