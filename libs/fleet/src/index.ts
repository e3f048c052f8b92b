export { carrierOf, factOf, isCellKnown, numberFact, textFact, type Device } from './device.ts';
export { FleetError, type FleetErrorCode } from './errors.ts';
export { evaluate, unknownSubjects, type Truth } from './evaluate.ts';
export { FACTS, isFactName, mergeFacts, type Fact, type FactName, type Facts, type FactType, type FactValue } from './facts.ts';
export { parseWhere } from './parse-where.ts';
export { allOf, EVERYTHING, type ComparisonOperator, type Predicate, type Subject } from './predicate.ts';
export { selectorPredicate, type LabelExpression, type Selector } from './selector.ts';
export { compareVersions, isInRanges, parseVersionRange, versionKey, type VersionRange } from './version.ts';
