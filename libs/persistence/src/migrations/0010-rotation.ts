import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rotations of keys, their plans in parts, and their devices. */
export class Rotation1795824800000 implements MigrationInterface {
  readonly name = 'Rotation1795824800000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE rotation (namespace text NOT NULL, name text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, name))',
    );
    await runner.query(
      'CREATE TABLE rotation_part (namespace text NOT NULL, rotation text NOT NULL, generation integer NOT NULL, part integer NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, rotation, generation, part))',
    );
    await runner.query(
      'CREATE TABLE device_rotation (namespace text NOT NULL, rotation text NOT NULL, generation integer NOT NULL, endpoint text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, rotation, generation, endpoint))',
    );
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
