import { Option, type Command } from 'commander';
import { ROTATION_DEVICE_STATES, type RotationDeviceView, type RotationView } from '@drover/contracts';
import { action, positive, type Context } from '../context.ts';
import { rotationDevicesText, rotationsText, rotationText, rotationWhyText } from '../rotation-text.ts';
import { decideCommands } from './decide.ts';
import { defaultReason } from './operate.ts';

const OVER = ['finished', 'aborted'];
const pathOf = (name: string): string => `rotations/${encodeURIComponent(name)}`;

/** Rotations are written and applied as documents; these show and steer them. */
export function rotationCommands(program: Command): void {
  const rotation = program.command('rotation').description('other keys for devices in the field, in stages');
  rotation.command('list').description('all of them').action(action(list));
  rotation.command('show').description('one with its stages').argument('<name>').action(action(show));
  rotation
    .command('devices')
    .description('its devices, and what each waits for, since when and until when')
    .argument('<name>')
    .addOption(new Option('--state <state>').choices(ROTATION_DEVICE_STATES))
    .option('--limit <count>', 'at most 1000', '100')
    .option('--offset <count>', '', '0')
    .action(action(devices));
  rotation.command('why').description('why a device has the key that it has').argument('<device>').action(action(why));
  rotation
    .command('watch')
    .description('follow one until it ends')
    .argument('<name>')
    .option('--interval <seconds>', 'time between looks', '1')
    .action(action(watch));
  for (const [verb, meaning] of [
    ['pause', 'ask nobody else; whoever was asked goes on'],
    ['resume', 'end a pause, or continue a stage that its gate held'],
    ['promote', 'pass the current stage whatever its gate says'],
    ['abort', 'end it: who has another key keeps it, the others keep theirs'],
  ] as const)
    rotation
      .command(verb)
      .description(meaning)
      .argument('<name>')
      .option('--reason <text>', 'goes into the audit log')
      .action(action((context, name: string, { reason }: { reason?: string }) => act(context, verb, { name, reason })));
  decideCommands<RotationView>(rotation, { what: 'rotation', pathOf, textOf: rotationText });
}

async function list({ api, out }: Context): Promise<void> {
  const views = await api.get<RotationView[]>('rotations');
  out.say(rotationsText(views));
  out.result(views);
}

async function show({ api, out }: Context, name: string): Promise<void> {
  const view = await api.get<RotationView>(pathOf(name));
  out.say(rotationText(view));
  out.result(view);
}

async function devices({ api, out }: Context, name: string, query: { state?: string; limit: string; offset: string }): Promise<void> {
  const views = await api.get<RotationDeviceView[]>(`${pathOf(name)}/devices`, { ...query });
  out.say(rotationDevicesText(views));
  out.result(views);
}

async function why({ api, out }: Context, device: string): Promise<void> {
  const views = await api.get<RotationDeviceView[]>(`devices/${encodeURIComponent(device)}/rotations`);
  out.say(views.length === 0 ? `${device} is in no rotation` : views.map(rotationWhyText).join('\n\n'));
  out.result(views);
}

async function watch({ api, out }: Context, name: string, { interval }: { interval: string }): Promise<void> {
  const pauseMs = Math.max(0.1, positive('--interval', interval)) * 1000;
  for (let last = ''; ;) {
    const view = await api.get<RotationView>(pathOf(name));
    const text = rotationText(view);
    if (text !== last) out.say(`${text}\n`);
    last = text;
    if (OVER.includes(view.phase)) return out.result(view);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function act({ api, out }: Context, verb: string, { name, reason }: { name: string; reason: string | undefined }): Promise<void> {
  const view = await api.post<RotationView>(`${pathOf(name)}/${verb}`, { reason: reason ?? defaultReason() });
  out.say(rotationText(view));
  out.result(view);
}
