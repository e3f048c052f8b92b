import { Option, type Command } from 'commander';
import { DroverError } from '@drover/kernel';
import {
  CREDENTIAL_KINDS,
  CREDENTIAL_STATES,
  CREDENTIAL_USES,
  MAX_CREDENTIALS,
  type CredentialCheckView,
  type CredentialDto,
  type CredentialView,
} from '@drover/contracts';
import { action, whole, type Context } from '../context.ts';
import { readCredentialFile, type FileEntry } from '../credential-file.ts';
import { oscoreOf, type OscoreFields } from '../oscore-input.ts';
import { table } from '../output.ts';
import { decodeKey, ENCODINGS, newKeyInto, prompt, readInput, type KeyEncoding } from '../secret-input.ts';

interface KeyOptions extends OscoreFields {
  readonly kind: CredentialDto['kind'];
  readonly use?: CredentialDto['use'];
  readonly identity?: string;
  readonly keyFile?: string;
  readonly encoding: KeyEncoding;
  readonly newKey?: string;
  readonly issuer?: string;
  readonly pin?: string;
  readonly expires?: string;
}

/** What `check` answers when it has found something. */
const FOUND = 1;

export function credentialCommands(program: Command): void {
  const credentials = program.command('credentials').description('who devices are: keys and certificates, never shown again');
  for (const add of [addCommand, importCommand, rotateCommand, revokeCommand, listCommand, checkCommand]) add(credentials);
}

const encodingOption = (): Option => new Option('--encoding <form>', 'of keys as text; never guessed').choices(ENCODINGS).default('hex');

const useOption = (meaning: string): Option => new Option('--use <use>', meaning).choices(CREDENTIAL_USES);

function keyOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--kind <kind>', 'pre-shared key, raw public key, name in a certificate, or OSCORE context')
        .choices(CREDENTIAL_KINDS)
        .default('psk'),
    )
    .option(
      '--key-file <file>',
      'holds the key (of OSCORE the Master Secret), or the public key; - is standard input; asked for without it',
    )
    .addOption(useOption('what it opens: registrations, or as a factory key the bootstrap server alone; management without it'))
    .addOption(encodingOption())
    .option('--new-key <file>', 'draws a key of 32 bytes and writes it there, for its owner alone, as `import` reads it')
    .option('--issuer <name>', 'of a certificate: must have this issuer')
    .option('--pin <sha256>', 'of a certificate: must have this key, sha256:…')
    .option('--sender-id <hex>', "OSCORE, as the device has it in Object 21: the device's own ID")
    .option('--recipient-id <hex>', "OSCORE, as the device has it in Object 21: this server's ID")
    .option('--master-salt <hex>', 'OSCORE')
    .option('--id-context <hex>', 'OSCORE: contexts of equal Sender IDs are told apart by it')
    .option('--aead <name>', 'OSCORE: AES-CCM-16-64-128, the only one')
    .option('--hkdf <name>', 'OSCORE: SHA-256, the only one')
    .option('--expires <time>', 'refused from then on, RFC 3339');
}

function addCommand(credentials: Command): void {
  keyOptions(credentials.command('add').description('the first credential of a device').argument('<endpoint>'))
    .option('--identity <text>', 'PSK identity, or name in the certificate; the endpoint without it')
    .action(
      action(async ({ api, out }, endpoint: string, options: KeyOptions) => {
        const done = await api.post<{ added: number; unchanged: number }>('credentials', {
          credentials: [await entryOf(endpoint, options)],
        });
        out.say(done.added > 0 ? `${endpoint} has a credential` : `${endpoint} has it already`);
        out.result(done);
      }),
    );
}

function rotateCommand(credentials: Command): void {
  keyOptions(
    credentials
      .command('rotate')
      .description('the next one: accepted beside the old one until the device has connected with it')
      .argument('<endpoint>'),
  )
    .option('--identity <text>', 'another one than now; not for a raw public key, nor for OSCORE, which name themselves')
    .action(
      action(async ({ api, out }, endpoint: string, options: KeyOptions) => {
        if (!namesItself(options) && options.identity === undefined)
          throw new DroverError('USAGE', 'input', 'a rotation needs --identity: an identity names one key');
        const next = await api.post<CredentialView>('credentials/rotate', await entryOf(endpoint, options));
        out.say(`${endpoint} may connect as ${next.identity}; what it has now is revoked when it has`);
        out.result(next);
      }),
    );
}

const namesItself = ({ kind }: KeyOptions): boolean => kind === 'rpk' || kind === 'oscore';

async function entryOf(endpoint: string, options: KeyOptions): Promise<CredentialDto> {
  const { kind, use, identity, issuer, pin, expires: expiresAt, senderId, recipientId, masterSalt, idContext, aead, hkdf } = options;
  const context = oscoreOf(kind, { senderId, recipientId, masterSalt, idContext, aead, hkdf });
  const key = await keyOf(endpoint, options);
  const given = { use, identity, issuer, pin, expiresAt, key };
  return { endpoint, kind, ...context, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

async function keyOf(endpoint: string, { kind, keyFile, newKey, encoding, identity = endpoint }: KeyOptions): Promise<string | undefined> {
  if (newKey !== undefined && (keyFile !== undefined || kind !== 'psk'))
    throw new DroverError('USAGE', 'input', '--new-key is for a pre-shared key, and goes without --key-file');
  if (newKey !== undefined) return newKeyInto(newKey, { endpoint, identity });
  if (kind === 'x509') return undefined;
  // A public key is a file of its own form.
  if (kind === 'rpk') return readInput(keyFile ?? '-').toString('base64');
  return decodeKey(
    keyFile === undefined ? await prompt(`key of ${endpoint} (${encoding})`) : readInput(keyFile).toString('latin1'),
    encoding,
  );
}

function importCommand(credentials: Command): void {
  credentials
    .command('import')
    .description(
      'CSV with the columns endpoint, identity, key, kind, use, issuer, pin, expiresAt, and of OSCORE senderId, recipientId, masterSalt, idContext; all but endpoint and key may be absent',
    )
    .argument('<file>', '- is standard input')
    .addOption(encodingOption())
    .addOption(useOption('of rows that do not say it'))
    .action(
      action(async ({ api, out }, file: string, options: { encoding: KeyEncoding; use?: CredentialDto['use'] }) => {
        const entries = readCredentialFile(file, readInput(file).toString('utf8'), options);
        const total = { added: 0, unchanged: 0 };
        for (let at = 0; at < entries.length; at += MAX_CREDENTIALS) {
          const done = await send(api, file, entries.slice(at, at + MAX_CREDENTIALS));
          total.added += done.added;
          total.unchanged += done.unchanged;
          if (entries.length > MAX_CREDENTIALS) out.progress(`${Math.min(at + MAX_CREDENTIALS, entries.length)} of ${entries.length}`);
        }
        out.say(`${total.added} added, ${total.unchanged} known already`);
        out.result(total);
      }),
    );
}

/** What the server refuses is told by the line that it stands on. Pages before this one are kept: the same file may be sent again. */
async function send(api: Context['api'], file: string, entries: readonly FileEntry[]): Promise<{ added: number; unchanged: number }> {
  try {
    return await api.post('credentials', { credentials: entries.map(({ credential }) => credential) });
  } catch (error) {
    if (!(error instanceof DroverError) || !Array.isArray(error.details)) throw error;
    const faults = (error.details as { index: number; code: string; message: string; endpoint: string }[]).map(
      ({ index, code, message, endpoint }) => ({
        file,
        line: entries[index]?.line ?? 0,
        column: 1,
        code,
        message: `${endpoint}: ${message}`,
      }),
    );
    throw new DroverError(error.code, error.kind, error.message, { details: faults });
  }
}

function revokeCommand(credentials: Command): void {
  credentials
    .command('revoke')
    .description('ends its sessions; an endpoint without a credential in force cannot register, not even without security')
    .argument('<endpoint>')
    .option('--identity <text>', 'only this one; all of the device without it')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, endpoint: string, { identity, reason }: { identity?: string; reason: string }) => {
        const gone = await api.post<CredentialView[]>('credentials/revoke', {
          endpoint,
          reason,
          ...(identity !== undefined && { identity }),
        });
        for (const each of gone) out.say(`${each.kind} ${each.identity} is revoked`);
        out.result(gone);
      }),
    );
}

function listCommand(credentials: Command): void {
  credentials
    .command('list')
    .option('--endpoint <name>', 'of one device')
    .addOption(new Option('--state <state>').choices(CREDENTIAL_STATES))
    .addOption(useOption('of one use'))
    .option('--limit <count>', 'at most 1000', '100')
    .option('--offset <count>', '', '0')
    .action(
      action(async ({ api, out }, options: { endpoint?: string; state?: string; use?: string; limit: string; offset: string }) => {
        const found = await api.get<CredentialView[]>('credentials', options);
        const rows = found.map(({ endpoint, kind, use, identity, state, fingerprint, usedAt, expiresAt }) => [
          endpoint,
          kind,
          use,
          identity,
          state,
          fingerprint?.slice(0, 16),
          usedAt ?? 'never',
          expiresAt,
        ]);
        out.say(
          found.length === 0
            ? 'no credentials'
            : table(rows, ['ENDPOINT', 'KIND', 'USE', 'IDENTITY', 'STATE', 'FINGERPRINT', 'LAST USED', 'EXPIRES']),
        );
        out.result(found);
      }),
    );
}

function checkCommand(credentials: Command): void {
  credentials
    .command('check')
    .description('weak, short, equal, shared, expired and unused ones; exit status 1 when there are any')
    .option('--unused <days>', 'not used for so long', '90')
    .action(
      action(async ({ api, out }, { unused }: { unused: string }) => {
        const { checked, findings } = await api.get<CredentialCheckView>('credentials/check', { unusedDays: whole('--unused', unused) });
        if (findings.length > 0) {
          const rows = findings.map(({ endpoint, kind, identity, code, text }) => [endpoint, kind, identity, code, text]);
          out.say(table(rows, ['ENDPOINT', 'KIND', 'IDENTITY', 'CODE', 'WHAT']));
        }
        out.say(`${checked} checked, ${findings.length} found`);
        out.result({ checked, findings });
        return findings.length > 0 ? FOUND : 0;
      }),
    );
}
