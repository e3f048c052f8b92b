import type { Report } from '@drover/simulator';

/** What the server says of one device in the end. */
export interface Told {
  readonly endpoint: string;
  readonly state: string;
  /** Of a failure its class, of a skipped device its reason. */
  readonly code: string;
  readonly evidence: string;
  /** Of a device that still waits. */
  readonly nextAt?: string;
  readonly person?: string;
}

/** Something that a person did and that the server has acknowledged: it must be in the log for ever. */
export interface Acknowledged {
  readonly event: string;
}

export interface Ending {
  readonly expectedDigest: string;
  readonly expectedVersion: string;
  readonly report: Report;
  /** Of each endpoint: one outcome, or any of several. */
  readonly deserved: ReadonlyMap<string, string | readonly string[]>;
  /** Devices that serve each copy of a request anew: a datagram that the network doubles is a second Execute to them. */
  readonly servesCopies: ReadonlySet<string>;
  readonly told: readonly Told[];
  readonly phase: string;
  readonly acknowledged: readonly Acknowledged[];
  /** Types of all audit events of the campaign, as exported. */
  readonly logged: readonly string[];
  readonly evidenceFaults: readonly string[];
  readonly crashes: readonly string[];
  /** Whether whatever a device tells by itself reaches the server at once: else it serves a battery that is empty already. */
  readonly toldInTime: boolean;
}

export const KINDS = [
  'installedTwice',
  'wrongImage',
  'window',
  'hold',
  'limit',
  'twoImages',
  'blindExecute',
  'outcome',
  'lie',
  'lost',
  'unsettled',
  'evidence',
  'crash',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Violation {
  readonly kind: Kind;
  readonly what: string;
}

/** Holds what the server says against what the devices themselves remember. It knows nothing of how the server works. */
export function violationsOf(ending: Ending): Violation[] {
  const found: Violation[] = [];
  const say = (kind: Kind, what: string): void => void found.push({ kind, what });
  const told = new Map(ending.told.map((each) => [each.endpoint, each]));
  for (const device of ending.report.devices) {
    judgeInstalls(device, ending, say);
    const outcome = told.get(device.endpoint);
    if (outcome === undefined) say('lost', `the server does not know ${device.endpoint} (${device.profile})`);
    else judgeOutcome(device, outcome, ending, say);
  }
  judgeObserver(ending, say);
  judgeLog(ending, say);
  for (const crash of ending.crashes) say('crash', crash);
  return found;
}

type Device = Report['devices'][number];
type Say = (kind: Kind, what: string) => void;

function judgeInstalls({ endpoint, profile, memory }: Device, { expectedDigest }: Ending, say: Say): void {
  for (const { digest, isIntact } of memory.installed ?? [])
    if (!isIntact || digest !== expectedDigest) say('wrongImage', `${endpoint} (${profile}) runs ${digest}${isIntact ? '' : ', damaged'}`);
}

function judgeOutcome(device: Device, told: Told, ending: Ending, say: Say): void {
  const { endpoint, profile, version } = device;
  const name = `${endpoint} (${profile})`;
  const isSettled = ['succeeded', 'failed', 'cancelled', 'skipped'].includes(told.state);
  if (!isSettled && told.nextAt === undefined && told.person === undefined)
    say('unsettled', `${name} is ${told.state} with no time and no person: ${told.code} ${told.evidence}`);
  else if (!isSettled) say('unsettled', `${name} is ${told.state}: ${told.code} ${told.evidence}`);
  if (told.state === 'succeeded' && version !== ending.expectedVersion) say('lie', `${name} has succeeded and runs ${version}`);
  const outcome = told.state === 'failed' ? told.code : told.state;
  const deserved = [ending.deserved.get(endpoint) ?? []].flat();
  if (isSettled && !deserved.includes(outcome))
    say('outcome', `${name} deserves ${deserved.join(' or ')} and got ${outcome}: ${told.evidence}`);
}

/** Names of the observer's counters, in the words of this checker. */
const OBSERVED: Readonly<Record<string, Kind>> = {
  window: 'window',
  installWindow: 'window',
  blockUnderHold: 'hold',
  executeUnderHold: 'hold',
  blindExecute: 'blindExecute',
  doubleInstall: 'installedTwice',
  wrongImage: 'wrongImage',
  battery: 'limit',
  coverage: 'limit',
  twoImages: 'twoImages',
  // Not `budget`: a minute of campaign time is 25 ms here, and the airtime of a cell in it is noise. The demo counts that.
};

function judgeObserver({ report: { violations, samples }, toldInTime, servesCopies }: Ending, say: Say): void {
  for (const [kind, count] of Object.entries(violations)) {
    const ours = OBSERVED[kind];
    if (ours === undefined || count === 0 || (kind === 'battery' && !toldInTime)) continue;
    const ofKind = samples.filter((each) => each.kind === kind);
    if (kind === 'blindExecute' && ofKind.length > 0 && ofKind.every(({ endpoint }) => servesCopies.has(endpoint))) continue;
    const [sample] = ofKind;
    say(ours, `${kind} ${count} times, first ${sample?.endpoint ?? '?'} at ${sample?.at ?? '?'}: ${sample?.detail ?? ''}`);
  }
}

function judgeLog({ acknowledged, logged, evidenceFaults, phase }: Ending, say: Say): void {
  for (const event of new Set(acknowledged.map((each) => each.event))) {
    const promised = acknowledged.filter((each) => each.event === event).length;
    const kept = logged.filter((each) => each === event).length;
    if (kept < promised) say('lost', `${promised} × ${event} were acknowledged, ${kept} are in the log`);
  }
  for (const fault of evidenceFaults) say('evidence', fault);
  if (phase !== 'finished') say('unsettled', `the campaign is ${phase}`);
}
