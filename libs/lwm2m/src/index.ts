export { checkAttributes, encodeAttributes, parseAttributes, type NotificationAttributes, type ParsedAttributes } from './attributes.ts';
export { accountFaults, type AccountFault } from './bootstrap/account-faults.ts';
export type {
  AccessRule,
  AccountSecurity,
  BootstrapConfiguration,
  CertificateUsage,
  OscoreAccount,
  ServerAccount,
} from './bootstrap/account.ts';
export { parseBootstrapRequest, type BootstrapRequest } from './bootstrap/bootstrap-request.ts';
export {
  beginBootstrap,
  bootstrapPack,
  nextBootstrap,
  type BootstrapAnswer,
  type BootstrapSession,
  type BootstrapStep,
  type BootstrapTurn,
} from './bootstrap/session.ts';
export { decodePathList, encodePathList } from './composite.ts';
export { CONTENT_FORMAT, decodeContent, encodeContent, mayBeSent } from './content.ts';
export { Lwm2mError, type Lwm2mErrorCode } from './errors.ts';
export { LifetimeWheel, type Lapsing } from './lifetime-wheel.ts';
export { LIMITS } from './limits.ts';
export { encodeArguments, parseArguments, type ExecuteArgument } from './execute-arguments.ts';
export { formatLinks, parseLinks, type Link } from './link-format.ts';
export { type FormatChoice, type FormatHints } from './format-choice.ts';
export { FormatMemory, type FormatUse } from './format-memory.ts';
export { versionOf } from './firmware-knowledge.ts';
export { compareObjectVersions, type ObjectModel, type ResourceModel, type ResourceOperations } from './object-model.ts';
export { BUILT_IN, ObjectModels, type AnnouncedObject } from './object-models.ts';
export { parseObjectXml, type ModelFault } from './object-xml.ts';
export { ObjectLists } from './object-lists.ts';
export { parseObjectList, type Lwm2mVersion, type ObjectList, type RegisteredObject } from './object-list.ts';
export {
  DELIVERY_METHOD,
  DEVICE,
  FIRMWARE,
  PROTOCOL_SUPPORT,
  resourceModel,
  typeOfPath,
  typeOfResource,
  UPDATE_RESULT,
  UPDATE_STATE,
  type TypeOf,
  type UriScheme,
} from './objects.ts';
export { meaningOf, type FailureMeaning } from './operation-failures.ts';
export {
  anotherFormatMayHelp,
  operationOutcome,
  typed,
  type DiscoveredLink,
  type OperationAnswer,
  type OperationOutcome,
  type TypedValue,
} from './operation-outcome.ts';
export { type OperationRefused, type OperationRequest, type OperationTarget } from './operation-parts.ts';
export { operationRequest } from './operation-request.ts';
export { operationFrom, type OperationOrder } from './operation-order.ts';
export { changesDevice, isRepeatable, pathOf, pathsIn, type DeviceOperation, type DeviceOperationType } from './operation.ts';
export { loggedValue, plainOf, type PlainValue } from './plain-value.ts';
export { isSecret, ruleAgainst, type RuleBroken } from './operator-rules.ts';
export { formatPath, idsOf, isWithin, MAX_ID, parsePath, type Lwm2mPath } from './paths.ts';
export {
  DEFAULT_LIFETIME_S,
  parseRegister,
  parseUpdate,
  type Refusal,
  type Registration,
  type RegistrationRequest,
  type RegistrationUpdate,
} from './registration.ts';
export { valueOfJson, valueOfText, valuesOfData } from './value-input.ts';
export { isWithinRange, rangeOf, type ValueRange } from './value-range.ts';
export { isObjectLink, linkText, parseLink, type DataType, type ObjectLink, type ResourceValue, type Value } from './values.ts';
export { begin, beginInstalled, next } from './firmware-update.ts';
export {
  pathsOf,
  SOFTWARE_STATE,
  standingOf,
  UPDATE_OBJECT,
  type Standing,
  type UpdateObjectName,
  type UpdatePaths,
  type UpdateTarget,
} from './update-object.ts';
export {
  RESULT_CLASSES,
  type Action,
  type Activation,
  type Conversation,
  type FailureClass,
  type FirmwareFact,
  type FirmwareInput,
  type FirmwareOrder,
  type Method,
  type Operation,
  type PackageUri,
  type Phase,
  type Step,
} from './firmware-types.ts';
