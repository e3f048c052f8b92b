import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Command } from 'commander';
import { DroverError } from '@drover/kernel';
import { bundleLines, verifyBundle } from '@drover/audit';
import { action } from '../context.ts';
import { table } from '../output.ts';

interface AuditLine {
  readonly seq: number;
  readonly time: string;
  readonly actor: { readonly id: string };
  readonly type: string;
  readonly subject: string;
  readonly result: string;
}

export function auditCommands(program: Command): void {
  program
    .command('audit')
    .description('the audit log')
    .command('tail')
    .option('--limit <count>', 'newest records', '20')
    .action(
      action(async ({ api, out }, { limit }: { limit: string }) => {
        const records = await api.get<AuditLine[]>('audit', { limit });
        out.say(
          table(
            records.map(({ seq, time, actor, type, subject, result }) => [seq, time, actor.id, type, subject, result]),
            ['SEQ', 'TIME', 'ACTOR', 'TYPE', 'SUBJECT', 'RESULT'],
          ),
        );
        out.result(records);
      }),
    );
  const evidence = program.command('evidence').description('exports that an auditor verifies alone');
  evidence
    .command('export')
    .requiredOption('--campaign <name>')
    .requiredOption('-o, --out <file>')
    .action(
      action(async ({ api, out }, { campaign, out: file }: { campaign: string; out: string }) => {
        const stream = await api.download(`campaigns/${encodeURIComponent(campaign)}/evidence`);
        await pipeline(Readable.fromWeb(stream as WebStream<Uint8Array>), createWriteStream(file));
        out.say(`evidence of ${campaign} in ${file}`);
        out.result({ file });
      }),
    );
  evidence
    .command('key')
    .description('print the public key that evidence is verified with')
    .action(
      action(async ({ api, out }) => {
        const { publicKey } = await api.get<{ publicKey: string }>('audit/key');
        out.say(publicKey.trim());
        out.result({ publicKey });
      }),
    );
  evidence
    .command('verify')
    .description('check an export with the public key alone; no server is asked')
    .argument('<file>')
    .requiredOption('--key <file>', 'public key, PEM')
    .action(
      action(async ({ out }, file: string, { key }: { key: string }) => {
        const publicKey = readFileSync(key, 'utf8');
        const verdict = await verifyBundle(bundleLines(createReadStream(file)), publicKey);
        if (!verdict.verified) {
          throw new DroverError('EVIDENCE_INVALID', 'trust', `${file} does not verify`, {
            details: verdict.problems.map((problem) => ({ ...problem, file, line: problem.line, column: 1 })),
          });
        }
        out.say(`${file} verifies: ${verdict.records} records, none altered, missing or out of order`);
        out.result({ file, ...verdict });
      }),
    );
}
