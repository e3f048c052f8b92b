import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who devices are, the wrapped keys that their secrets are under, and the DTLS sessions that outlive a process, sealed. */
export class Credentials1795824500000 implements MigrationInterface {
  readonly name = 'Credentials1795824500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE credential (kind text NOT NULL, identity text NOT NULL, namespace text NOT NULL, endpoint text NOT NULL, body text NOT NULL, PRIMARY KEY (kind, identity))',
    );
    await runner.query('CREATE TABLE data_key (id text NOT NULL PRIMARY KEY, body text NOT NULL)');
    await runner.query('CREATE TABLE dtls_session (name text NOT NULL PRIMARY KEY, body text NOT NULL)');
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
