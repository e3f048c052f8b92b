import type { Command } from 'commander';
import { action, type Context } from '../context.ts';

/** What waits for people's word about its plan. */
interface Approvable<V> {
  /** In help texts: `campaign`. */
  readonly what: string;
  readonly pathOf: (name: string) => string;
  readonly textOf: (view: V) => string;
}

interface Options {
  readonly plan?: string;
  readonly remark?: string;
}

type Decision = 'approve' | 'deny';

/** `approve` and `deny`. */
export function decideCommands<V extends { readonly planDigest: string }>(parent: Command, about: Approvable<V>): void {
  for (const decision of ['approve', 'deny'] as const)
    parent
      .command(decision)
      .description(`${decision} the plan of a ${about.what}`)
      .argument(`<${about.what}>`)
      .option('--plan <digest>', 'the plan decided on; the current one by default')
      .option('--remark <text>', 'goes into the audit log')
      .action(action((context, name: string, options: Options) => decide(context, about, { decision, name, ...options })));
}

async function decide<V extends { readonly planDigest: string }>(
  { api, out }: Context,
  { pathOf, textOf }: Approvable<V>,
  { decision, name, plan, remark }: Options & { readonly decision: Decision; readonly name: string },
): Promise<void> {
  const planDigest = plan ?? (await api.get<V>(pathOf(name))).planDigest;
  const view = await api.post<V>(`${pathOf(name)}/approvals`, { planDigest, decision, ...(remark ? { remark } : {}) });
  out.say(`${decision === 'approve' ? 'approved' : 'denied'} plan ${planDigest}\n${textOf(view)}`);
  out.result(view);
}
