import { SECOND, type Instant } from '@drover/kernel';
import { isPackageVersion } from './resource-path.ts';
import type { Fault, FaultPath } from './schema.ts';
import { LEAST_SECURITY_PRIORITY } from './priority.ts';
import type { CampaignSpec } from './spec.ts';

const invalid = (path: FaultPath, message: string): Fault => ({ code: 'VALUE_INVALID', path: ['spec', ...path], message });
const missing = (path: FaultPath, message: string): Fault => ({ code: 'FIELD_MISSING', path: ['spec', ...path], message });

/** What each field of a campaign alone cannot see. */
export function contradictions(spec: CampaignSpec): Fault[] {
  return [
    ...priorityFaults(spec),
    ...stageFaults(spec),
    ...scheduleFaults(spec),
    ...targetFaults(spec),
    ...deliveryFaults(spec),
    ...activationFaults(spec),
    ...verifyFaults(spec),
    ...rollbackFaults(spec),
  ];
}

function priorityFaults({ purpose, priority = LEAST_SECURITY_PRIORITY }: CampaignSpec): Fault[] {
  return purpose === 'Security' && priority < LEAST_SECURITY_PRIORITY
    ? [invalid(['priority'], `a campaign for security has a priority of ${LEAST_SECURITY_PRIORITY} or more`)]
    : [];
}

/** Of whatever goes by stages. */
export function stageFaults({ stages }: Pick<CampaignSpec, 'stages'>): Fault[] {
  const names = stages.map(({ name }) => name);
  return stages.flatMap(({ name }, index) =>
    names.indexOf(name) < index ? [invalid(['stages', index, 'name'], `two stages are called "${name}"`)] : [],
  );
}

export function scheduleFaults({
  schedule: { notBefore, deadline },
}: {
  readonly schedule: { readonly notBefore?: Instant | undefined; readonly deadline?: { readonly at: Instant } | undefined };
}): Fault[] {
  return notBefore !== undefined && deadline && deadline.at <= notBefore
    ? [invalid(['schedule', 'deadline', 'at'], 'the deadline is not after notBefore')]
    : [];
}

function targetFaults({ targets }: CampaignSpec): Fault[] {
  const nobody = !targets.where && !targets.selector && targets.attemptedBy === undefined;
  return [
    ...(nobody ? [missing(['targets'], '"where", "selector" or "attemptedBy" is missing; for the whole fleet write where: "true"')] : []),
    ...exclusionFaults(targets),
  ];
}

export function exclusionFaults({ exclude }: Pick<CampaignSpec['targets'], 'exclude'>): Fault[] {
  return exclude.flatMap((exclusion, index) =>
    exclusion.where || exclusion.endpoints ? [] : [missing(['targets', 'exclude', index], '"where" or "endpoints" is missing')],
  );
}

function deliveryFaults({ delivery, retry }: CampaignSpec): Fault[] {
  const { protocolOrder } = delivery;
  const twice = protocolOrder.findIndex((scheme, index) => protocolOrder.indexOf(scheme) < index);
  const elsewhere = Object.entries(retry.classes).filter(
    ([failure, rule]) => failure !== 'UnsupportedProtocol' && rule?.nextProtocol !== undefined,
  );
  return [
    ...(twice < 0 ? [] : [invalid(['delivery', 'protocolOrder', twice], `${protocolOrder[twice]} is named twice`)]),
    ...elsewhere.map(([failure]) =>
      invalid(['retry', 'classes', failure, 'nextProtocol'], 'another protocol helps against UnsupportedProtocol only'),
    ),
  ];
}

/** Object 9 has none of these resources, Object 33629 has another one under the number of the automatic upgrade. */
function activationFaults({ delivery: { object }, activation, schedule }: CampaignSpec): Fault[] {
  const { automaticUpgradeAtDownload: automatic, severity, maximumDefer } = activation;
  const at = (name: string): FaultPath => ['activation', name];
  return [
    ...(automatic === 'On' && schedule.windows.install
      ? [invalid(at('automaticUpgradeAtDownload'), 'a device that installs by itself keeps to no install window: write "Off"')]
      : []),
    ...(automatic === 'On' && object !== 'Firmware'
      ? [invalid(at('automaticUpgradeAtDownload'), `the object of ${object} cannot be told to install by itself`)]
      : []),
    ...(severity !== undefined && object === 'Software' ? [invalid(at('severity'), 'Object 9 knows no severity')] : []),
    ...(maximumDefer !== undefined && object === 'Software' ? [invalid(at('maximumDefer'), 'Object 9 knows no deferral')] : []),
    ...(maximumDefer !== undefined && maximumDefer % SECOND !== 0 ? [invalid(at('maximumDefer'), 'devices count whole seconds')] : []),
  ];
}

/** The version of a package proves nothing by itself, except where a component shows no other. */
function verifyFaults({ verify: { versionFrom }, delivery }: CampaignSpec): Fault[] {
  return versionFrom.flatMap((path, index) => {
    const at: FaultPath = ['verify', 'versionFrom', index];
    if (versionFrom.indexOf(path) < index) return [invalid(at, `${path} is named twice`)];
    if (!isPackageVersion(path)) return [];
    if (index < versionFrom.length - 1)
      return [invalid(at, `${path} tells of the image that was given to the device: a hint, to be named last`)];
    return index === 0 && delivery.instance === 0
      ? [invalid(at, `${path} tells of the image that was given to the device: name the resource that shows what runs before it`)]
      : [];
  });
}

function rollbackFaults({ rollback: { mode, to, when }, firmware }: CampaignSpec): Fault[] {
  return [
    ...(mode !== 'None' && !to ? [missing(['rollback'], `"to" is missing: ${mode} needs the version to go back to`)] : []),
    ...(mode === 'Automatic' && !when ? [missing(['rollback'], '"when" is missing: Automatic needs the limit that starts it')] : []),
    ...(mode !== 'Automatic' && when
      ? [invalid(['rollback', 'when'], 'only mode Automatic looks at it; write mode: Automatic, or leave it out')]
      : []),
    ...(mode === 'None' && to ? [invalid(['rollback', 'to'], 'mode None goes back nowhere; write mode: Manual or Automatic')] : []),
    ...(to?.version === firmware.version ? [invalid(['rollback', 'to', 'version'], 'this is the version of the campaign itself')] : []),
  ];
}
