import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Append-only: a change of the schema is a new file. Plain SQL that SQLite and PostgreSQL both read. */
const UP = [
  'CREATE TABLE document (namespace text NOT NULL, kind text NOT NULL, name text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, kind, name))',
  'CREATE TABLE firmware (namespace text NOT NULL, name text NOT NULL, version text NOT NULL, digest text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, name, version))',
  'CREATE TABLE campaign (namespace text NOT NULL, name text NOT NULL, phase text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, name))',
  'CREATE TABLE device (namespace text NOT NULL, endpoint text NOT NULL, facts text NOT NULL, version_keys text NOT NULL, labels text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, endpoint))',
  'CREATE TABLE device_update (namespace text NOT NULL, campaign text NOT NULL, endpoint text NOT NULL, object integer NOT NULL, instance integer NOT NULL, state text NOT NULL, attempt integer NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, campaign, endpoint, object, instance))',
  'CREATE INDEX device_update_by_state ON device_update (namespace, campaign, state)',
  'CREATE TABLE approval (namespace text NOT NULL, campaign text NOT NULL, plan_digest text NOT NULL, by_person text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, campaign, plan_digest, by_person))',
  'CREATE TABLE hold (namespace text NOT NULL, id text NOT NULL, body text NOT NULL, PRIMARY KEY (namespace, id))',
  'CREATE TABLE token (id text NOT NULL PRIMARY KEY, body text NOT NULL)',
  'CREATE TABLE timeline (id integer PRIMARY KEY AUTOINCREMENT, namespace text NOT NULL, endpoint text NOT NULL, at integer NOT NULL, kind text NOT NULL, detail text NOT NULL)',
  'CREATE INDEX timeline_by_device ON timeline (namespace, endpoint, id)',
  'CREATE TABLE audit_event (seq integer NOT NULL PRIMARY KEY, namespace text NOT NULL, campaign text, campaign_seq integer, body text NOT NULL)',
  'CREATE INDEX audit_event_by_campaign ON audit_event (namespace, campaign, campaign_seq)',
  'CREATE TABLE tree_head (size integer NOT NULL PRIMARY KEY, body text NOT NULL)',
  'CREATE TABLE meta (key text NOT NULL PRIMARY KEY, value text NOT NULL)',
];

export class First1764547200000 implements MigrationInterface {
  readonly name = 'First1764547200000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(): Promise<void> {
    // Evidence is not dropped by a migration.
  }
}
