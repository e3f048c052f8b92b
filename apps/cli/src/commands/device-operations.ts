import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DroverError, durationOf, type Json } from '@drover/kernel';
import type { OperationView } from '@drover/contracts';
import { action, positive, type Context } from '../context.ts';
import { follow } from '../operation-follow.ts';
import { operationText, valuesText } from '../operation-text.ts';
import { visible } from '../output.ts';

const ATTRIBUTES = ['pmin', 'pmax', 'gt', 'lt', 'st', 'epmin', 'epmax'];

interface WaitOption {
  readonly wait?: string;
}

/** Operations on one device: what an LwM2M server may ask, with names, types and units. */
export function deviceOperationCommands(device: Command): void {
  for (const add of [
    readCommand,
    discoverCommand,
    observeCommand,
    writeCommand,
    attributesCommand,
    executeCommand,
    createCommand,
    deleteCommand,
  ])
    add(device);
}

function command(device: Command, name: string, meaning: string): Command {
  return device
    .command(name)
    .description(meaning)
    .argument('<device>')
    .option('--wait <duration>', 'wait for a device that sleeps, e.g. 45m or 2d; without it such a device is refused');
}

function readCommand(device: Command): void {
  command(device, 'read', 'values of an object, instance or resource; several paths in one request')
    .argument('<path...>')
    .action(
      action((context, name: string, paths: string[], options: WaitOption) =>
        inquire(context, name, { operation: 'read', ...pathsIn(paths) }, options),
      ),
    );
}

function discoverCommand(device: Command): void {
  command(device, 'discover', 'what is there, and its notification attributes')
    .argument('<path>')
    .option('--depth <levels>', '0 to 3; devices of LwM2M 1.2')
    .action(
      action((context, name: string, path: string, { depth, ...options }: WaitOption & { depth?: string }) =>
        inquire(
          context,
          name,
          { operation: 'discover', path, ...(depth === undefined ? {} : { depth: whole('--depth', depth) }) },
          options,
        ),
      ),
    );
}

function observeCommand(device: Command): void {
  command(device, 'observe', 'values now and whenever they change, until Ctrl-C')
    .argument('<path...>')
    .option('--count <notifications>', 'end after so many')
    .action(action(observe));
}

function writeCommand(device: Command): void {
  command(device, 'write', 'one value; or several with --data, which replaces the instance or multiple resource')
    .argument('<path>')
    .argument('[value]', 'by the type of the resource: bytes as base64, Time as seconds or RFC 3339; -- before a negative number')
    .option('--data <json>', 'mapping of ids to values, @FILE reads it from a file; of whole paths where the path is /')
    .option('--update', 'with --data: leave what is not in it as it is')
    .action(action(write));
}

function attributesCommand(device: Command): void {
  command(device, 'write-attributes', 'when the device notifies: pmin=60 pmax=3600 gt=90; a name alone takes it back')
    .argument('<path>')
    .argument('<attribute...>')
    .action(
      action((context, name: string, path: string, ...[words, options]: [string[], WaitOption]) =>
        change(context, name, { operation: 'write-attributes', path, ...attributesOf(words) }, options),
      ),
    );
}

function executeCommand(device: Command): void {
  command(device, 'execute', 'start what a resource does')
    .argument('<path>')
    .option('--arguments <text>', "e.g. 0='U',1")
    .action(
      action((context, name: string, path: string, options: WaitOption & { arguments?: string }) =>
        change(
          context,
          name,
          { operation: 'execute', path, ...(options.arguments === undefined ? {} : { arguments: options.arguments }) },
          options,
        ),
      ),
    );
}

function createCommand(device: Command): void {
  command(device, 'create', 'a new instance of an object')
    .argument('<object>')
    .option('--instance <id>', 'its id; without it the device chooses')
    .option('--data <json>', 'mapping of resource ids to values, @FILE reads it from a file')
    .action(
      action((context, name: string, path: string, { instance, data, ...options }: WaitOption & { instance?: string; data?: string }) =>
        change(
          context,
          name,
          {
            operation: 'create',
            path,
            ...(instance === undefined ? {} : { instance: whole('--instance', instance) }),
            ...(data === undefined ? {} : { data: jsonOf(data) }),
          },
          options,
        ),
      ),
    );
}

function deleteCommand(device: Command): void {
  command(device, 'delete', 'an instance of an object')
    .argument('<path>')
    .action(
      action((context, name: string, path: string, options: WaitOption) => change(context, name, { operation: 'delete', path }, options)),
    );
}

async function inquire(context: Context, device: string, order: object, { wait }: WaitOption): Promise<void> {
  tell(context, await follow(context, device, { route: 'inquiries', body: { ...order, ...waitOf(wait) } }));
}

async function change(context: Context, device: string, order: object, { wait }: WaitOption): Promise<void> {
  tell(context, await follow(context, device, { route: 'changes', body: { ...order, ...waitOf(wait) } }));
}

function tell({ out }: Context, view: OperationView): void {
  out.say(operationText(view));
  out.result(view);
}

function write(
  context: Context,
  device: string,
  path: string,
  ...[value, { data, update = false, ...options }]: [string | undefined, WaitOption & { data?: string; update?: boolean }]
): Promise<void> {
  if ((value === undefined) === (data === undefined)) throw usage('a write has either a value or --data');
  if (data === undefined && update) throw usage('--update goes with --data');
  if (data === undefined) return change(context, device, { operation: 'write', path, value }, options);
  const operation = path === '/' ? 'write-composite' : update ? 'update' : 'replace';
  return change(context, device, { operation, ...(path === '/' ? {} : { path }), data: jsonOf(data) }, options);
}

/** The first answer is the present state and does not count. */
async function observe(context: Context, device: string, paths: string[], { wait, count }: WaitOption & { count?: string }): Promise<void> {
  const { out } = context;
  const wanted = count === undefined ? Number.POSITIVE_INFINITY : positive('--count', count);
  let isFirst = true;
  let seen = 0;
  let missed = 0;
  const look = (view: OperationView): boolean => {
    if (isFirst && view.answer) {
      isFirst = false;
      tell(context, view);
    }
    if (view.missed > missed) out.progress(`${view.missed - missed} notifications came too fast and are lost`);
    missed = view.missed;
    for (const notification of view.notifications.slice(0, wanted - seen)) {
      out.say(`${notification.at}\n${valuesText(notification.values)}`);
      out.result(notification);
      seen += 1;
    }
    return seen < wanted;
  };
  const body = { operation: 'observe', ...pathsIn(paths), ...waitOf(wait) };
  const view = await follow(context, device, { route: 'inquiries', body }, { look });
  out.progress(visible(`the observation is over: ${view.ended ?? 'the device answers, but does not observe this'}`));
}

const pathsIn = (paths: readonly string[]): object => (paths.length === 1 ? { path: paths[0] } : { paths });

function waitOf(wait: string | undefined): object {
  return wait === undefined ? {} : { waitSeconds: durationOf(wait) / 1000 };
}

function attributesOf(words: readonly string[]): object {
  const attributes: Record<string, number> = {};
  const unset: string[] = [];
  for (const word of words) {
    const [name = '', value] = word.split(/=(.*)/s);
    if (!ATTRIBUTES.includes(name)) throw usage(`an attribute is one of ${ATTRIBUTES.join(', ')}, not "${name.slice(0, 40)}"`);
    if (value === undefined) unset.push(name);
    else if (value.trim() === '' || !Number.isFinite(Number(value))) throw usage(`${name} takes a number, not "${value.slice(0, 40)}"`);
    else attributes[name] = Number(value);
  }
  return { attributes, ...(unset.length > 0 ? { unset } : {}) };
}

function jsonOf(text: string): Json {
  const source = text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text;
  try {
    return JSON.parse(source) as Json;
  } catch (error) {
    throw usage(`--data is no JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

function whole(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw usage(`${option} takes a whole number, not "${text.slice(0, 40)}"`);
  return Number(text);
}

function usage(message: string): DroverError {
  return new DroverError('USAGE', 'input', message);
}
