export type { Brand } from './brand.ts';
export { canonicalJson, canonicalPieces, type Json } from './canonical-json.ts';
export { assertNever, DroverError, EXIT_CODE_OF, HTTP_STATUS_OF, must, type ErrorKind } from './errors.ts';
export { AttemptId, DEFAULT_NAMESPACE, Digest, digestOfBytes, Endpoint, Name, Namespace } from './ids.ts';
export { nearest } from './nearest.ts';
export { Entropy, hash32, seededRandom } from './random.ts';
export { finished, sortSteps, type Steps } from './steps.ts';
export { Clock, DAY, Duration, durationOf, durationText, earliest, HOUR, Instant, instantOf, isoOf, MINUTE, plus, SECOND } from './time.ts';
export { TimerHeap, type Timer } from './timers.ts';
