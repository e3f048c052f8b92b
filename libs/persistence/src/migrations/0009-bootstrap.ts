import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which door a credential opens, and what devices were given by bootstrap. Whoever had a credential before may register with it. */
export class Bootstrap1795824700000 implements MigrationInterface {
  readonly name = 'Bootstrap1795824700000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE credential ADD COLUMN use text NOT NULL DEFAULT 'management'");
    await runner.query(
      'CREATE TABLE bootstrap (namespace text NOT NULL, endpoint text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, endpoint))',
    );
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
