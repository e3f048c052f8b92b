import type { Command } from 'commander';
import { action } from '../context.ts';
import { table } from '../output.ts';

interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly createdAt: string;
  readonly revokedAt?: string;
}

export function tokenCommands(program: Command): void {
  const token = program.command('token').description('access to the API');
  token
    .command('create')
    .argument('<name>')
    .requiredOption('--role <role>', 'viewer, operator, approver, auditor, administrator')
    .action(
      action(async ({ api, out }, name: string, { role }: { role: string }) => {
        const made = await api.post<TokenView & { secret: string }>('tokens', { name, role });
        out.say(`token ${made.id} for ${name} (${role}), shown once:\n${made.secret}`);
        out.result(made);
      }),
    );
  token.command('list').action(
    action(async ({ api, out }) => {
      const tokens = await api.get<TokenView[]>('tokens');
      out.say(
        table(
          tokens.map((each) => [each.id, each.name, each.role, each.createdAt, each.revokedAt ? `revoked ${each.revokedAt}` : 'valid']),
          ['ID', 'NAME', 'ROLE', 'CREATED', 'STATE'],
        ),
      );
      out.result(tokens);
    }),
  );
  token
    .command('revoke')
    .argument('<id>')
    .action(
      action(async ({ api, out }, id: string) => {
        const revoked = await api.post(`tokens/${encodeURIComponent(id)}/revoke`);
        out.say(`token ${id} is revoked`);
        out.result(revoked);
      }),
    );
}
