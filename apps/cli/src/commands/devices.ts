import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { DeviceClassView, DeviceView, WhyView } from '@drover/contracts';
import { classText } from '../class-text.ts';
import { action } from '../context.ts';
import { readDeviceFile } from '../device-file.ts';
import { attemptsText } from '../attempts-text.ts';
import { energyText } from '../energy-text.ts';
import { table } from '../output.ts';
import { deviceDecisionCommands } from './device-decisions.ts';
import { deviceOperationCommands } from './device-operations.ts';
import { suspectsCommand } from './suspects.ts';
import { timelineCommand } from './timeline.ts';

const PAGE = 1000;

export function deviceCommands(program: Command): void {
  const device = program.command('device').description('the inventory, and operations on single devices');
  for (const add of [
    listCommand,
    showCommand,
    timelineCommand,
    importCommand,
    suspectsCommand,
    deviceDecisionCommands,
    deviceOperationCommands,
  ])
    add(device);
}

function listCommand(device: Command): void {
  device
    .command('list')
    .option('--where <expression>', 'e.g. model == "WM-300" && firmwareVersion < "2.4.1"')
    .option('--limit <count>', 'at most 1000', '100')
    .option('--offset <count>', '', '0')
    .action(
      action(async ({ api, out }, options: { where?: string; limit: string; offset: string }) => {
        const devices = await api.get<DeviceView[]>('devices', options);
        const fact = (view: DeviceView, name: string) => String(view.facts[name]?.value ?? '');
        out.say(
          devices.length === 0
            ? 'no devices'
            : table(
                devices.map((view) => [
                  view.endpoint,
                  fact(view, 'model'),
                  fact(view, 'firmwareVersion'),
                  fact(view, 'battery.level'),
                  fact(view, 'radio.ce'),
                  view.lastContactAt,
                  view.findings.map(({ code }) => code).join(','),
                ]),
                ['ENDPOINT', 'MODEL', 'FIRMWARE', 'BATTERY', 'CE', 'LAST CONTACT', 'FINDINGS'],
              ),
        );
        out.result(devices);
      }),
    );
}

function showCommand(device: Command): void {
  device
    .command('show')
    .argument('<device>')
    .action(
      action(async ({ api, out }, name: string) => {
        const path = `devices/${encodeURIComponent(name)}`;
        const view = await api.get<DeviceView>(path);
        const treatment = await api.get<DeviceClassView>(`${path}/class`);
        const updates = await api.get<WhyView[]>(`${path}/why`);
        out.say(
          table([
            ...Object.entries(view.labels).map(([key, value]) => [`label ${key}`, value]),
            ...Object.entries(view.facts).map(([key, { value, at }]) => [key, String(value), at]),
          ]),
        );
        out.say(`last contact ${view.lastContactAt ?? 'never'}, next expected ${view.nextContactAt ?? 'unknown'}`);
        for (const line of deviceLines(view)) out.say(line);
        for (const update of updates) out.say(attemptsText(update));
        for (const { at, code, text } of view.findings) out.say(`finding ${at} ${code}: ${text}`);
        out.say(classText(treatment));
        out.result({ ...view, treatment, updates });
      }),
    );
}

function deviceLines({ components, quarantine, beganAnew, energy, transfers }: DeviceView): string[] {
  return [
    ...energyLines(energy),
    ...transferLines(transfers),
    ...Object.entries(components).map(
      ([name, { object, instance, version, at }]) => `component ${name}: ${version}, ${object} instance ${instance}, read ${at}`,
    ),
    ...(quarantine
      ? [`quarantined since ${quarantine.since}, failed in ${quarantine.campaigns.join(', ')}; drover device release ends it`]
      : []),
    ...(beganAnew.length > 0 ? [`does not go on with a transfer by ${beganAnew.join(' or ')}: it must fit whole`] : []),
  ];
}

function energyLines({ spentThisYearMah, spentThisYearDays, battery }: DeviceView['energy']): string[] {
  if (!battery) return [];
  const { capacityMah, lifeYears, mahPerDay, isTold } = battery;
  return [
    `battery ${capacityMah} mAh${isTold ? '' : ' (assumed)'} for ${lifeYears} years, ${mahPerDay} mAh a day; updates took ${energyText(spentThisYearMah, spentThisYearDays)} of it this year`,
  ];
}

function transferLines(transfers: DeviceView['transfers']): string[] {
  if (!transfers) return [];
  const { measured, slowness, loss, blockSize, roundTripMs, goodput } = transfers;
  return [
    `transfers ${slowness} times the model's block time, measured ${measured} times: ${roundTripMs} ms for ${blockSize} bytes, ${goodput} bytes/s, ${(100 * loss).toFixed(1)} % repeated`,
  ];
}

function importCommand(device: Command): void {
  device
    .command('import')
    .description('labels, site, carrier, time zone and battery from CSV or JSON')
    .argument('<file>')
    .action(
      action(async ({ api, out }, file: string) => {
        const devices = readDeviceFile(file, readFileSync(file, 'utf8'));
        const total = { created: 0, changed: 0 };
        for (let index = 0; index < devices.length; index += PAGE) {
          const done = await api.post<typeof total>('devices/import', { devices: devices.slice(index, index + PAGE) });
          total.created += done.created;
          total.changed += done.changed;
          if (devices.length > PAGE) out.progress(`${Math.min(index + PAGE, devices.length)} of ${devices.length}`);
        }
        out.say(`${total.created} created, ${total.changed} changed`);
        out.result(total);
      }),
    );
}
