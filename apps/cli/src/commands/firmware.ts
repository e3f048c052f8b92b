import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { digestOfBytes, DroverError, durationOf, Instant, instantOf, Name, plus, type Digest } from '@drover/kernel';
import {
  countersign,
  encodeManifest,
  parseEnvelope,
  parseManifest,
  parsePrivateKey,
  parsePublicKey,
  printPublicKey,
  signManifest,
  type Manifest,
} from '@drover/firmware-store';
import { writeKeyPair } from '@drover/firmware-store/stores';
import { action } from '../context.ts';
import { table, ticker } from '../output.ts';

interface SignOptions {
  readonly key: string[];
  readonly name?: string;
  readonly version?: string;
  readonly sequence?: string;
  readonly models?: string;
  readonly from?: string[];
  readonly expires?: string;
  readonly created?: string;
  readonly description?: string;
  readonly out?: string;
}

/** Keys, manifests and signatures on the publisher's machine; pushing and withdrawing on the server. */
export function firmwareCommands(program: Command): void {
  const firmware = program.command('firmware').description('signed images');
  for (const add of [keygenCommand, policyCommand, signCommand, pushCommand, withdrawCommand, listCommand]) add(firmware);
}

function keygenCommand(firmware: Command): void {
  firmware
    .command('keygen')
    .description('make a signing key; writes FILE (private) and FILE.pub')
    .argument('<file>')
    .addOption(new Option('--algorithm <name>', 'kind of key').choices(['Ed25519', 'ES256']).default('Ed25519'))
    .action(
      action(async ({ out }, file: string, { algorithm }: { algorithm: string }) => {
        const key = await writeKeyPair({ privateKey: file, publicKey: `${file}.pub` }, algorithm === 'ES256' ? 'ES256' : 'EdDSA');
        out.say(`key ${key.id}: private half in ${file}, public half in ${file}.pub`);
        out.result({ id: key.id, algorithm: key.algorithm, privateKey: file, publicKey: `${file}.pub` });
      }),
    );
}

function policyCommand(firmware: Command): void {
  firmware
    .command('policy')
    .description('write a ReleasePolicy from public keys')
    .argument('<name>')
    .requiredOption('--role <role=files...>', 'a role with its public keys, comma separated')
    .option('--threshold <role=number...>', 'signatures a role must give; 1 by default')
    .requiredOption('--out <file>')
    .action(
      action(async ({ out }, name: string, { role, threshold = [], out: file }: { role: string[]; threshold?: string[]; out: string }) => {
        const roles = rolesOf(role, threshold);
        writeFileSync(file, releasePolicyYaml(Name(name), roles));
        out.say(`release policy ${name} with ${roles.length} roles: ${file}`);
        out.result({ file });
      }),
    );
}

function signCommand(firmware: Command): void {
  firmware
    .command('sign')
    .description('sign an image, or add a signature to its envelope')
    .argument('<image>')
    .requiredOption('--key <file...>', 'private keys')
    .option('--name <component>')
    .option('--version <version>')
    .option('--sequence <number>', 'grows with every release')
    .option('--models <list>', 'compatible models, comma separated; * for any')
    .option('--from <range...>', 'source versions it may be installed over')
    .option('--expires <time>', 'RFC 3339, or a duration from now', '365d')
    .option('--created <time>', 'RFC 3339; now by default')
    .option('--description <text>')
    .option('-o, --out <file>', 'envelope; IMAGE.cose by default')
    .action(
      action(async ({ out }, image: string, options: SignOptions) => {
        const file = options.out ?? `${image}.cose`;
        const keys = options.key.map((path) => parsePrivateKey(readFileSync(path, 'utf8')));
        const envelope =
          existsSync(file) && options.name === undefined
            ? keys.reduce((signed, key) => countersign(signed, key), readFileSync(file) as Uint8Array)
            : signManifest(encodeManifest(await manifestFor(image, options)), keys);
        writeFileSync(file, envelope);
        const { payload, signatures } = parseEnvelope(envelope);
        const manifest = parseManifest(payload);
        out.say(
          `${manifest.name} ${manifest.version}, ${manifest.size} bytes, ${manifest.digest}\nsigned by ${signatures.map(({ keyId }) => keyId).join(', ')}: ${file}`,
        );
        out.result({ file, manifest, signers: signatures.map(({ keyId }) => keyId) });
      }),
    );
}

function pushCommand(firmware: Command): void {
  firmware
    .command('push')
    .description('upload an image with its envelope')
    .argument('<image>')
    .option('--envelope <file>', 'IMAGE.cose by default')
    .action(
      action(async ({ api, out }, image: string, { envelope }: { envelope?: string }) => {
        const signed = readFileSync(envelope ?? `${image}.cose`).toString('base64');
        const { digest } = await api.upload<{ digest: string }>('firmware/images', image, ticker(out, 'upload'));
        const record = await api.post<{ name: string; version: string }>('firmware', { envelope: signed, digest });
        out.say(`${record.name} ${record.version} is in the store: ${digest}`);
        out.result(record);
      }),
    );
}

function withdrawCommand(firmware: Command): void {
  firmware
    .command('withdraw')
    .argument('<name>')
    .argument('<version>')
    .requiredOption('--reason <text>')
    .action(
      action(async ({ api, out }, name: string, version: string, { reason }: { reason: string }) => {
        const record = await api.post('firmware/withdraw', { name, version, reason });
        out.say(`${name} ${version} is withdrawn: nothing of it is offered or served any more`);
        out.result(record);
      }),
    );
}

function listCommand(firmware: Command): void {
  firmware.command('list').action(
    action(async ({ api, out }) => {
      const records =
        await api.get<{ name: string; version: string; size: number; digest: string; withdrawnAt?: number; pushedBy: string }[]>(
          'firmware',
        );
      out.say(
        records.length === 0
          ? 'no firmware'
          : table(
              records.map((each) => [
                each.name,
                each.version,
                each.size,
                each.digest,
                each.pushedBy,
                each.withdrawnAt === undefined ? 'available' : 'withdrawn',
              ]),
              ['NAME', 'VERSION', 'BYTES', 'DIGEST', 'PUSHED BY', 'STATE'],
            ),
      );
      out.result(records);
    }),
  );
}

async function manifestFor(image: string, options: SignOptions): Promise<Manifest> {
  const created = options.created === undefined ? Instant(Date.now()) : instantOf(options.created);
  const expires = options.expires ?? '365d';
  const { digest, size } = await measure(image);
  return {
    name: Name(options.name ?? ''),
    version: options.version ?? '',
    sequenceNumber: Number(options.sequence ?? Number.NaN),
    size,
    digest,
    models: (options.models ?? '').split(',').filter((model) => model !== ''),
    ...(options.from ? { fromVersions: options.from } : {}),
    createdAt: created,
    expiresAt: /^\d{4}-/.test(expires) ? instantOf(expires) : plus(created, durationOf(expires)),
    ...(options.description ? { description: options.description } : {}),
  };
}

/** Streams the image: it may be larger than memory. */
async function measure(image: string): Promise<{ digest: Digest; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(image)) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { digest: digestOfBytes(hash.digest()), size };
}

interface PolicyRole {
  readonly roleName: string;
  readonly keys: readonly string[];
  readonly threshold: number;
}

/** What cannot be met is refused here: on the server it would keep every image out. */
function rolesOf(given: readonly string[], thresholdsGiven: readonly string[]): PolicyRole[] {
  const thresholds = new Map(thresholdsGiven.map((entry) => splitOnce('--threshold', entry)));
  const roles = given.map((entry) => {
    const [roleName, files] = splitOnce('--role', entry);
    const keys = files.split(',').map((path) => printPublicKey(parsePublicKey(readFileSync(path, 'utf8'))));
    const threshold = Number(thresholds.get(roleName) ?? 1);
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > keys.length)
      throw new DroverError('USAGE', 'input', `role ${roleName} has ${keys.length} keys: its threshold is a whole number from 1 to that`);
    return { roleName: Name(roleName), keys, threshold };
  });
  const stranger = [...thresholds.keys()].find((name) => !roles.some(({ roleName }) => roleName === name));
  if (stranger !== undefined) throw new DroverError('USAGE', 'input', `--threshold names role "${stranger}", and no --role does`);
  return roles;
}

function splitOnce(option: string, entry: string): [string, string] {
  const at = entry.indexOf('=');
  if (at <= 0) throw new DroverError('USAGE', 'input', `${option} takes NAME=VALUE, not "${entry}"`);
  return [entry.slice(0, at), entry.slice(at + 1)];
}

function releasePolicyYaml(name: string, roles: readonly PolicyRole[]): string {
  const indent = (text: string, by: number): string =>
    text
      .trim()
      .split('\n')
      .map((line) => `${' '.repeat(by)}${line}`)
      .join('\n');
  const body = roles.map(
    ({ roleName, keys, threshold }) =>
      `    ${roleName}:\n      threshold: ${threshold}\n      keys:\n${keys.map((key) => `        - |\n${indent(key, 10)}`).join('\n')}`,
  );
  return `apiVersion: drover/v1\nkind: ReleasePolicy\nmetadata: {name: ${name}}\nspec:\n  roles:\n${body.join('\n')}\n`;
}
