import { Command, CommanderError } from 'commander';
import { auditCommands } from './commands/audit.ts';
import { bootstrapCommands } from './commands/bootstrap.ts';
import { classCommands } from './commands/classes.ts';
import { credentialCommands } from './commands/credentials.ts';
import { deviceCommands } from './commands/devices.ts';
import { firmwareCommands } from './commands/firmware.ts';
import { forecastCommands } from './commands/forecast.ts';
import { modelCommands } from './commands/models.ts';
import { networkCommand } from './commands/network.ts';
import { gitopsCommands } from './commands/gitops.ts';
import { holdCommands, operateCommands } from './commands/operate.ts';
import { rotationCommands } from './commands/rotations.ts';
import { tokenCommands } from './commands/tokens.ts';
import { report } from './output.ts';

const EXIT_CODES = `
Exit codes: 0 done, nothing differs · 1 differs (diff, plan --exit-code), or something was found (credentials check) · 2 bad input · 3 not found · 4 conflict or
stale plan · 5 trust · 6 transport · 7 not permitted, or refused by policy · 70 our own fault`;

export function createProgram(): Command {
  const program = new Command('drover')
    .description('Firmware campaigns for LwM2M devices')
    .option('--server <url>', 'address of the server', process.env['DROVER_SERVER'] ?? 'http://127.0.0.1:8470')
    .option('--token <token>', 'bearer token; DROVER_TOKEN keeps it out of the process list', process.env['DROVER_TOKEN'])
    .option('--token-file <file>', 'file that holds the token', process.env['DROVER_TOKEN_FILE'])
    .option('--namespace <name>', 'tenant', process.env['DROVER_NAMESPACE'] ?? 'default')
    .option('--json', 'print for programs')
    .addHelpText('after', EXIT_CODES)
    .exitOverride();
  for (const add of [
    gitopsCommands,
    operateCommands,
    holdCommands,
    forecastCommands,
    networkCommand,
    deviceCommands,
    classCommands,
    modelCommands,
    firmwareCommands,
    credentialCommands,
    bootstrapCommands,
    rotationCommands,
    tokenCommands,
    auditCommands,
  ])
    add(program);
  inheritExit(program);
  return program;
}

/** Subcommands throw instead of exiting, so that every way out has its documented status. */
function inheritExit(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride();
    inheritExit(child);
  }
}

/** Runs one command line and gives its exit status. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return report(error, args.includes('--json'));
  }
}
