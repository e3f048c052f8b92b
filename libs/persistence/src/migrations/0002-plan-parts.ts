import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The devices of a plan, apart from the campaign's row. Campaigns of before keep theirs in the row. */
export class PlanParts1795824000000 implements MigrationInterface {
  readonly name = 'PlanParts1795824000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE plan_part (namespace text NOT NULL, campaign text NOT NULL, generation integer NOT NULL, part integer NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, campaign, generation, part))',
    );
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
