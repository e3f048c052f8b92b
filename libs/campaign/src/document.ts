import { DEFAULT_NAMESPACE, durationOf, Namespace, nearest, type Json, type Name } from '@drover/kernel';
import { ArtifactError, parseReleasePolicy, type PolicyFault } from '@drover/firmware-store';
import { bootstrapTemplateFaults, bootstrapTemplateSpec, type BootstrapTemplateSpec } from './bootstrap-template.ts';
import { deviceClassFaults, deviceClassSpec, type DeviceClassSpec } from './device-class.ts';
import { contradictions } from './contradictions.ts';
import { energyModelFaults, radioModelFaults } from './cost-model-faults.ts';
import { energyModelSpec, radioModelSpec, type EnergyModelSpec, type RadioModelSpec } from './cost-model-specs.ts';
import { duration, integer, name, oneOf, text } from './leaves.ts';
import { rotationFaults, rotationSpec, type RotationSpec } from './rotation-spec.ts';
import { leaf, list, mapping, optional, record, required, withDefault, type Fault, type Read, type Schema } from './schema.ts';
import { campaignSpec, type CampaignSpec } from './spec.ts';

export const API_VERSION = 'drover/v1';

/** Kinds of the language that this version refuses by name. */
const KINDS_LATER = ['Firmware', 'Calendar', 'Approval', 'Hold', 'AnalysisTemplate', 'Rollback', 'EvidenceExport'];

const namespace: Schema<Namespace> = leaf({ type: 'string' }, (value) => Namespace(String(value)));

/** The campaign that this one follows from. */
const ownerReference = mapping({ kind: required(oneOf(['Campaign'])), name: required(name) });
export type OwnerReference = Read<typeof ownerReference>;

const metadata = mapping({
  name: required(name),
  namespace: withDefault(namespace, DEFAULT_NAMESPACE),
  labels: withDefault(record(text({ max: 255 })), {}),
  annotations: withDefault(record(text({ max: 2000 })), {}),
  ownerReferences: withDefault(list(ownerReference, { max: 10 }), []),
});

const approvalPolicySpec = mapping(
  { minApprovals: required(integer({ min: 1, max: 20 })), forbid: withDefault(list(oneOf(['author'], ['lastCommitter'])), []) },
  ['fromGroups', 'requireReason', 'quorumWindow', 'mfa'],
);
export type ApprovalPolicySpec = Read<typeof approvalPolicySpec>;

/** Kept as written: the trust library reads it by its own rules. */
const durationText: Schema<string> = leaf(duration.json, (value) => {
  durationOf(String(value));
  return String(value);
});

const releasePolicySpec = mapping(
  {
    roles: required(
      record(
        mapping({ keys: required(list(text({ max: 4000 }), { min: 1, max: 50 })), threshold: required(integer({ min: 1, max: 50 })) }),
        { max: 20 },
      ),
    ),
    maxManifestAge: optional(durationText),
    downgrade: withDefault(oneOf(['Never', 'AllowListed', 'Allowed']), 'Never'),
    downgradeTo: optional(list(text({ max: 60 }))),
  },
  ['requireSBOM', 'requireVEX', 'requireProvenance'],
);
export type ReleasePolicySpec = Read<typeof releasePolicySpec>;

const SPEC_OF = {
  Campaign: campaignSpec,
  ApprovalPolicy: approvalPolicySpec,
  ReleasePolicy: releasePolicySpec,
  DeviceClass: deviceClassSpec,
  BootstrapTemplate: bootstrapTemplateSpec,
  CredentialRotation: rotationSpec,
  RadioModel: radioModelSpec,
  EnergyModel: energyModelSpec,
} as const;
export type DocumentKind = keyof typeof SPEC_OF;
export const DOCUMENT_KINDS = Object.keys(SPEC_OF) as DocumentKind[];

export interface Metadata {
  readonly name: Name;
  readonly namespace: Namespace;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
}

interface DocumentOf<K extends DocumentKind, S> {
  readonly kind: K;
  readonly metadata: Metadata;
  readonly spec: S;
  /** The document as written, for digests, diffs and evidence. */
  readonly source: Json;
}

export type CampaignDocument = DocumentOf<'Campaign', CampaignSpec>;
export type ApprovalPolicyDocument = DocumentOf<'ApprovalPolicy', ApprovalPolicySpec>;
export type ReleasePolicyDocument = DocumentOf<'ReleasePolicy', ReleasePolicySpec>;
export type DeviceClassDocument = DocumentOf<'DeviceClass', DeviceClassSpec>;
export type BootstrapTemplateDocument = DocumentOf<'BootstrapTemplate', BootstrapTemplateSpec>;
export type CredentialRotationDocument = DocumentOf<'CredentialRotation', RotationSpec>;
export type RadioModelDocument = DocumentOf<'RadioModel', RadioModelSpec>;
export type EnergyModelDocument = DocumentOf<'EnergyModel', EnergyModelSpec>;
export type DroverDocument =
  | CampaignDocument
  | ApprovalPolicyDocument
  | ReleasePolicyDocument
  | DeviceClassDocument
  | BootstrapTemplateDocument
  | CredentialRotationDocument
  | RadioModelDocument
  | EnergyModelDocument;

export type DocumentOutcome =
  { readonly document: DroverDocument; readonly faults: readonly [] } | { readonly document: undefined; readonly faults: readonly Fault[] };

const KIND: Schema<DocumentKind> = {
  json: { enum: DOCUMENT_KINDS },
  read: (value, path, faults) => {
    if (typeof value === 'string' && (DOCUMENT_KINDS as string[]).includes(value)) return value as DocumentKind;
    const known = typeof value === 'string' && KINDS_LATER.includes(value);
    const guess = typeof value === 'string' ? nearest(value, [...DOCUMENT_KINDS, ...KINDS_LATER]) : undefined;
    faults.push(
      known
        ? { code: 'KIND_NOT_SUPPORTED_YET', path, message: `kind "${String(value)}" is not supported yet` }
        : {
            code: 'KIND_UNKNOWN',
            path,
            message: `expected one of ${DOCUMENT_KINDS.join(', ')}${guess ? `; did you mean "${guess}"?` : ''}`,
          },
    );
    return undefined;
  },
};

const API: Schema<typeof API_VERSION> = {
  json: { const: API_VERSION },
  read: (value, path, faults) => {
    if (value === API_VERSION) return API_VERSION;
    faults.push({ code: 'API_VERSION_UNKNOWN', path, message: `expected ${API_VERSION}` });
    return undefined;
  },
};

const statusByDroverAlone = leaf({ type: 'object' }, () => undefined);

function envelopeOf<K extends DocumentKind>(kind: K) {
  return mapping({
    apiVersion: required(API),
    kind: required(KIND),
    metadata: required(metadata),
    spec: required(SPEC_OF[kind] as Schema<unknown>),
    status: optional(statusByDroverAlone),
  });
}

/** JSON Schema of one kind, for editors. */
export function jsonSchemaOf(kind: DocumentKind): Json {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: `Drover ${kind}`, ...envelopeOf(kind).json } as Json;
}

/** Reads one document of any kind. Every fault is reported, not only the first. */
export function readDocument(source: unknown): DocumentOutcome {
  const faults: Fault[] = [];
  const kindValue = typeof source === 'object' && source !== null ? (source as Record<string, unknown>)['kind'] : undefined;
  const kind = KIND.read(kindValue, typeof source === 'object' && source !== null ? ['kind'] : [], faults);
  if (kind === undefined) return { document: undefined, faults };
  const read = envelopeOf(kind).read(source, [], faults);
  if (!read || faults.length > 0) return { document: undefined, faults };
  if (kind === 'Campaign') faults.push(...contradictions(read.spec as CampaignSpec));
  if (kind === 'ReleasePolicy') faults.push(...policyFaults(read.metadata.name, read.spec as ReleasePolicySpec));
  if (kind === 'DeviceClass') faults.push(...deviceClassFaults(read.spec as DeviceClassSpec));
  if (kind === 'BootstrapTemplate') faults.push(...bootstrapTemplateFaults(read.spec as BootstrapTemplateSpec));
  if (kind === 'CredentialRotation') faults.push(...rotationFaults(read.spec as RotationSpec));
  if (kind === 'RadioModel') faults.push(...radioModelFaults(read.spec as RadioModelSpec));
  if (kind === 'EnergyModel') faults.push(...energyModelFaults(read.spec as EnergyModelSpec));
  if (faults.length > 0) return { document: undefined, faults };
  const document = { kind, metadata: read.metadata, spec: read.spec, source: withoutStatus(source as Record<string, Json>) };
  return { document: document as DroverDocument, faults: [] };
}

function withoutStatus({ status: _, ...rest }: Record<string, Json>): Json {
  return rest;
}

/** Keys are parsed by the library that will trust them, when the policy is written and not when an image arrives. */
function policyFaults(name: string, spec: ReleasePolicySpec): Fault[] {
  try {
    parseReleasePolicy({ name, ...withoutUndefined(spec) });
    return [];
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error;
    const { faults = [] } = (error.details ?? {}) as { faults?: readonly PolicyFault[] };
    return faults.map(({ path, message }) => ({ code: 'VALUE_INVALID', path: ['spec', ...stepsOf(path)], message }));
  }
}

/** `roles.qa.keys[0]` as steps. */
function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => (index === undefined ? (name ?? '') : Number(index)));
}

function withoutUndefined(spec: object): object {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}
