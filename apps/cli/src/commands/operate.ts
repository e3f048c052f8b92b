import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { DroverError, instantOf } from '@drover/kernel';
import type { CampaignView, RotationDeviceView, StageView, WhyView } from '@drover/contracts';
import { approvalLine } from '../approval-text.ts';
import { action, positive, type Context } from '../context.ts';
import { dataText } from '../data-text.ts';
import { counts, table } from '../output.ts';
import { rotationWhyText } from '../rotation-text.ts';
import { whyText } from '../why-text.ts';
import { decideCommands } from './decide.ts';

const OVER = ['finished', 'aborted'];

/** What an operator does at three in the morning. */
export function operateCommands(program: Command): void {
  program.command('status').description('campaigns, or one with its stages').argument('[campaign]').action(action(status));
  program
    .command('watch')
    .description('follow a campaign until it ends')
    .argument('<campaign>')
    .option('--interval <seconds>', 'time between looks', '1')
    .action(action(watch));
  program.command('why').description('why a device is where it is, since when, and until when').argument('<device>').action(action(why));
  for (const [verb, meaning] of [
    ['pause', 'no new offers and no installation; transfers under way finish'],
    ['resume', 'end a pause, or continue a stage that its gate held'],
    ['promote', 'pass the current stage whatever its gate says'],
    ['abort', 'cancel what can be cancelled and end the campaign'],
  ] as const) {
    program
      .command(verb)
      .description(meaning)
      .argument('<campaign>')
      .option('--reason <text>', 'goes into the audit log')
      .action(action((context, name: string, options: { reason?: string }) => act(context, verb, name, options)));
  }
  rollbackCommand(program);
  decideCommands<CampaignView>(program, {
    what: 'campaign',
    pathOf: (name) => `campaigns/${encodeURIComponent(name)}`,
    textOf: campaignText,
  });
}

function rollbackCommand(program: Command): void {
  program
    .command('rollback')
    .description('take a campaign back: emits an ordinary campaign for the devices that it attempted')
    .argument('<campaign>')
    .option('--to <version>', 'the version to go back to; without it what the campaign says')
    .requiredOption('--reason <text>', 'goes into the audit log')
    .action(
      action(async ({ api, out }, name: string, { to, reason }: { to?: string; reason: string }) => {
        const body = { reason, ...(to === undefined ? {} : { version: to }) };
        const rollback = await api.post<CampaignView>(`campaigns/${encodeURIComponent(name)}/rollback`, body);
        out.say(campaignText(rollback));
        out.result(rollback);
      }),
    );
}

export const defaultReason = (): string => `by ${userInfo().username} from the command line`;

async function status({ api, out }: Context, name: string | undefined): Promise<void> {
  if (name === undefined) {
    const campaigns = await api.get<CampaignView[]>('campaigns');
    out.say(
      campaigns.length === 0
        ? 'no campaigns'
        : table(
            campaigns.map((each) => [each.name, each.phase, `${each.firmware.name} ${each.firmware.version}`, totalsText(each)]),
            ['CAMPAIGN', 'PHASE', 'FIRMWARE', 'DEVICES'],
          ),
    );
    return out.result(campaigns);
  }
  const campaign = await api.get<CampaignView>(`campaigns/${encodeURIComponent(name)}`);
  out.say(campaignText(campaign));
  out.result(campaign);
}

export function campaignText(campaign: CampaignView): string {
  const { phase, hold } = campaign;
  const head = [`${campaign.name}: ${phase}, ${campaign.firmware.name} ${campaign.firmware.version}`, totalsText(campaign)];
  head.push(...relationsOf(campaign));
  const data = dataText(campaign.data);
  if (data !== undefined) head.push(data);
  if (hold) head.push(`HOLD by ${hold.by}: ${hold.reason}`);
  head.push(...approvalLine(campaign));
  return `${head.join('\n')}\n${table(campaign.stages.map(stageRow), ['STAGE', 'STATE', 'SIZE', 'DONE', 'FAILED', 'SKIPPED', 'IN FLIGHT', 'WAITING'])}`;
}

function relationsOf({ purpose, owners, rollback }: CampaignView): string[] {
  return [
    ...(purpose === 'Rollback' ? [`takes back ${owners.join(', ')}`] : []),
    ...(rollback?.campaign === undefined ? [] : [`taken back by ${rollback.campaign} since ${rollback.at}`]),
    ...(rollback?.refused === undefined ? [] : [`could not be taken back: ${rollback.refused}`]),
  ];
}

function stageRow(stage: StageView): (string | number)[] {
  const state = stage.why ? `${stage.state} (${stage.why})` : stage.state;
  return [
    stage.name,
    state,
    stage.size,
    stage.succeeded,
    counts(stage.failed) || 0,
    stage.skipped,
    stage.inFlight,
    counts(stage.waiting) || 0,
  ];
}

function totalsText({ totals }: CampaignView): string {
  const failed = Object.values(totals.failed).reduce((sum, count) => sum + count, 0);
  return `${totals.succeeded} of ${totals.devices} succeeded, ${failed} failed${failed > 0 ? ` (${counts(totals.failed)})` : ''}, ${totals.inFlight} in flight, ${totals.waiting} waiting, ${totals.skipped} skipped`;
}

async function watch({ api, out }: Context, name: string, { interval }: { interval: string }): Promise<void> {
  const pauseMs = Math.max(0.1, positive('--interval', interval)) * 1000;
  for (let last = ''; ;) {
    const campaign = await api.get<CampaignView>(`campaigns/${encodeURIComponent(name)}`);
    const text = campaignText(campaign);
    if (text !== last) out.say(`${text}\n`);
    last = text;
    if (OVER.includes(campaign.phase)) return out.result(campaign);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function why({ api, out }: Context, device: string): Promise<void> {
  const reasons = await api.get<WhyView[]>(`devices/${encodeURIComponent(device)}/why`);
  if (reasons.length === 0) out.say(`${device} is in no campaign`);
  for (const reason of reasons) out.say(whyText(reason));
  const rotations = await api.get<RotationDeviceView[]>(`devices/${encodeURIComponent(device)}/rotations`);
  for (const rotation of rotations) if (rotation.waits) out.say(rotationWhyText(rotation));
  out.result(reasons);
}

async function act({ api, out }: Context, verb: string, name: string, { reason }: { reason?: string }): Promise<void> {
  const campaign = await api.post<CampaignView>(`campaigns/${encodeURIComponent(name)}/${verb}`, { reason: reason ?? defaultReason() });
  out.say(campaignText(campaign));
  out.result(campaign);
}

/** Holds: placed and lifted by people alone. */
export function holdCommands(program: Command): void {
  const hold = program.command('hold').description('a stop that outranks Git');
  for (const add of [placeCommand, liftCommand, holdListCommand]) add(hold);
}

function placeCommand(hold: Command): void {
  hold
    .command('place')
    .description('stop offers, installations and the serving of blocks')
    .option('--campaign <name>')
    .option('--firmware <digest>')
    .option('--fleet', 'everything in the namespace')
    .requiredOption('--reason <text>')
    .option('--until <time>', 'reminds, lifts nothing')
    .action(
      action(
        async (
          { api, out },
          { reason, until, ...over }: { campaign?: string; firmware?: string; fleet?: boolean; reason: string; until?: string },
        ) => {
          const [[scope, target] = ['', ''], ...more] = Object.entries(over);
          // A hold on everything is never what is left when an option was forgotten.
          if (scope === '' || more.length > 0)
            throw new DroverError('USAGE', 'input', 'a hold is over one of --campaign, --firmware, --fleet');
          if (until) instantOf(until);
          const placed = await api.post<{ id: string }>('holds', {
            scope,
            reason,
            ...(scope === 'fleet' ? {} : { target }),
            ...(until ? { until } : {}),
          });
          out.say(`hold ${placed.id} placed on ${scope === 'fleet' ? 'the fleet' : target}`);
          out.result(placed);
        },
      ),
    );
}

function liftCommand(hold: Command): void {
  hold
    .command('lift')
    .argument('<id>')
    .option('--reason <text>')
    .action(
      action(async ({ api, out }, id: string, { reason }: { reason?: string }) => {
        const lifted = await api.post(`holds/${encodeURIComponent(id)}/lift`, { reason: reason ?? defaultReason() });
        out.say(`hold ${id} lifted`);
        out.result(lifted);
      }),
    );
}

function holdListCommand(hold: Command): void {
  hold.command('list').action(
    action(async ({ api, out }) => {
      const holds =
        await api.get<
          { id: string; scope: string; target: string; reason: string; by: string; at: string; until?: string; liftedAt?: string }[]
        >('holds');
      out.say(
        holds.length === 0
          ? 'no holds'
          : table(
              holds.map((each) => [
                each.id,
                each.scope,
                each.target,
                each.by,
                each.at,
                each.liftedAt ? `lifted ${each.liftedAt}` : `standing${each.until ? `, until ${each.until}` : ''}`,
                each.reason,
              ]),
              ['ID', 'SCOPE', 'TARGET', 'BY', 'AT', 'STATE', 'REASON'],
            ),
      );
      out.result(holds);
    }),
  );
}
