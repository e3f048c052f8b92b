import type { Name, Namespace } from '@drover/kernel';
import { evaluate, type Device } from '@drover/fleet';
import { bootstrapAccess, rightsOf } from './bootstrap-access.ts';
import { bootstrapAccount, type BootstrapAccountSpec } from './bootstrap-account.ts';
import { integer, name, oneOf, where } from './leaves.ts';
import { erasedPath } from './resource-path.ts';
import { list, mapping, optional, required, withDefault, type Fault, type FaultPath, type Read } from './schema.ts';
import { textPattern } from './text-pattern.ts';

/** Modes in which no server learns the key of the device: it may have the same at several. */
const SHARED_MODES: readonly string[] = ['RPK', 'X509', 'EST'];

/** Formats that hold an instance, by the names of device classes. */
const WRITTEN_IN = ['TLV', 'SenMLCBOR', 'SenMLJSON', 'LwM2MCBOR'] as const;

const patterns = list(textPattern, { min: 1, max: 200 });

/** What a device holds when it has been bootstrapped: its servers with their keys, and who may do what (Objects 0, 1, 2). */
export const bootstrapTemplateSpec = mapping(
  {
    /** All that is given must hold. A device that nobody has imported, and that has never registered, has an endpoint name alone. */
    match: required(mapping({ endpoint: optional(patterns), class: optional(list(name, { min: 1, max: 200 })), where: optional(where) })),
    precedence: withDefault(integer({ min: 0, max: 1000 }), 0),
    accounts: required(list(bootstrapAccount, { min: 1, max: 8 })),
    access: withDefault(list(bootstrapAccess, { max: 50 }), []),
    /** Beside Objects 0, 1, 2 and 21, which are always made anew. */
    deleteFirst: withDefault(list(erasedPath, { max: 20 }), []),
    /** That is tried first, whatever the device prefers. */
    contentFormat: optional(oneOf(WRITTEN_IN)),
  },
  ['enrolment'],
);
export type BootstrapTemplateSpec = Read<typeof bootstrapTemplateSpec>;

/** What each field alone cannot see. */
export function bootstrapTemplateFaults({ match, accounts, access }: BootstrapTemplateSpec): Fault[] {
  const isForNobody = !match.endpoint && !match.class && !match.where;
  return [
    ...(isForNobody
      ? [fault(['spec', 'match'], '"endpoint", "class" or "where" is missing; for every device write endpoint: ["*"]', 'FIELD_MISSING')]
      : []),
    ...accounts.flatMap((account, at) => accountFaultsAt(account, ['spec', 'accounts', at])),
    ...twice(accounts.map(({ shortServerId }) => shortServerId)).map((at) =>
      fault(['spec', 'accounts', at, 'shortServerId'], 'another account of this template has it already'),
    ),
    ...keyFaults(accounts),
    ...access.flatMap((rule, at) => accessFaultsAt(rule, accounts, ['spec', 'access', at])),
  ];
}

/** Modes that protect nothing below CoAP. */
const PLAIN_MODES: readonly string[] = ['OSCORE', 'NoSec'];

function accountFaultsAt({ uri, security }: BootstrapAccountSpec, path: FaultPath): Fault[] {
  const scheme = uri.slice(0, uri.indexOf(':'));
  const isFitting = scheme.startsWith('coaps') !== PLAIN_MODES.includes(security.mode);
  if (!isFitting || (security.mode === 'OSCORE' && scheme !== 'coap'))
    return [fault([...path, 'uri'], `${scheme} does not go with security mode ${security.mode}`)];
  if (security.mode === 'NoSec' && security.noSec !== 'Allowed')
    return [fault([...path, 'security'], 'an account without security needs the word noSec: Allowed', 'FIELD_MISSING')];
  const stray = security.mode === 'NoSec' || (security.mode === 'EST' && security.key !== undefined) ? 'key' : 'noSec';
  return security[stray] === undefined
    ? strayFaults(security, path)
    : [fault([...path, 'security', stray], `has no meaning with ${security.mode}`)];
}

function strayFaults({ mode, key, keyBytes, serverPublicKey }: BootstrapAccountSpec['security'], path: FaultPath): Fault[] {
  const at = (field: string, message: string): Fault => fault([...path, 'security', field], message);
  return [
    ...((mode === 'RPK' || mode === 'X509') && key === 'Stored'
      ? [at('key', 'of a key pair the device alone has the private part: it is generated, or it stays as it is')]
      : []),
    ...(keyBytes !== undefined && ((mode !== 'PSK' && mode !== 'OSCORE') || key === 'Stored')
      ? [at('keyBytes', 'is the length of a pre-shared key, or of a Master Secret, that is generated')]
      : []),
    ...(serverPublicKey !== undefined && mode !== 'RPK' ? [at('serverPublicKey', `has no meaning with ${mode}`)] : []),
  ];
}

/** Two servers with one key could play the device at each other; and a device has one credential that is its next. */
function keyFaults(accounts: readonly BootstrapAccountSpec[]): Fault[] {
  const secured = accounts.flatMap(({ security: { mode } }, at) => (mode === 'NoSec' ? [] : [{ mode, at }]));
  return secured.slice(1).flatMap(({ mode, at }) => {
    if (SHARED_MODES.includes(mode) && secured[0]?.mode === mode) return [];
    return [
      fault(
        ['spec', 'accounts', at, 'security', 'mode'],
        'one account of a template has the key of the device; several only with RPK, with X509, or with EST',
      ),
    ];
  });
}

function accessFaultsAt(
  rule: BootstrapTemplateSpec['access'][number],
  accounts: readonly BootstrapAccountSpec[],
  path: FaultPath,
): Fault[] {
  const known = new Set(accounts.map(({ shortServerId }) => shortServerId));
  const strangers = rule.rights.flatMap(({ server }, at) => (server === 'Others' || known.has(server) ? [] : [at]));
  const isOwnerKnown = rule.owner === 'Bootstrap' || known.has(rule.owner);
  return [
    ...(isOwnerKnown ? [] : [fault([...path, 'owner'], 'no account of this template has that short server id')]),
    ...strangers.map((at) => fault([...path, 'rights', at, 'server'], 'no account of this template has that short server id')),
    ...twice(rule.rights.map(({ server }) => server)).map((at) => fault([...path, 'rights', at, 'server'], 'stands twice')),
  ];
}

/** Places at which something stands that stood before. */
function twice(values: readonly (string | number)[]): number[] {
  return values.flatMap((value, at) => (values.indexOf(value) < at ? [at] : []));
}

const fault = (path: FaultPath, message: string, code: Fault['code'] = 'VALUE_INVALID'): Fault => ({ code, path, message });

/** What of a template decides between two of them. */
export interface RankedTemplate {
  readonly metadata: { readonly name: Name; readonly namespace: Namespace };
  readonly spec: BootstrapTemplateSpec;
}

/** Who is bootstrapped: a device as far as it is known, and the class that it has. */
export interface Bootstrapped {
  readonly device: Device;
  readonly className: string | undefined;
}

/** The template of a device: by precedence, then by name. What is not known of the device does not fit. */
export function bootstrapTemplateOf<T extends RankedTemplate>(who: Bootstrapped, templates: Iterable<T>): T | undefined {
  return [...templates]
    .filter(({ metadata, spec }) => metadata.namespace === who.device.namespace && fits(spec, who))
    .sort((a, b) => b.spec.precedence - a.spec.precedence || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
}

function fits({ match }: BootstrapTemplateSpec, { device, className }: Bootstrapped): boolean {
  return (
    (match.endpoint === undefined || match.endpoint.some(({ matches }) => matches(device.endpoint))) &&
    (match.class === undefined || (className !== undefined && (match.class as readonly string[]).includes(className))) &&
    (match.where === undefined || evaluate(match.where.predicate, device) === true)
  );
}

/** Rules of access in the numbers of Object 2: 65535 owns what no server may change, 0 are all others. */
export function accessOf({ access }: BootstrapTemplateSpec) {
  return access.map(({ object, instance, owner, rights }) => ({
    object,
    instance,
    owner: owner === 'Bootstrap' ? 65_535 : owner,
    rights: rights.map(({ server, may }) => ({ server: server === 'Others' ? 0 : server, may: rightsOf(may) })),
  }));
}
