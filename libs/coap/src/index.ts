export { BlockAssembly, DEFAULT_ASSEMBLY_SETTINGS, type AssemblyOutcome, type AssemblySettings, type BodyPart } from './block-assembly.ts';
export { planBlock, planBlocks, type BlockPlan, type BlockWish, type ServedBody } from './block-serve.ts';
export {
  nextBlock,
  onAnswer,
  startUpload,
  type BlockUpload,
  type UploadAnswer,
  type UploadBlock,
  type UploadOutcome,
  type UploadStart,
} from './block-upload.ts';
export {
  BERT_SZX,
  decodeBlock,
  decodeUint,
  encodeBlock,
  encodeUint,
  MAX_SZX,
  offsetOf,
  sizeOfSzx,
  szxOfSize,
  type Block,
} from './block.ts';
export { Chance } from './chance.ts';
export { classOf, CODE, code, codeOfMethod, codeOfText, codeText, methodOf, SIGNAL, type Method } from './codes.ts';
export { ECHO_KEY_BYTES, EchoValues } from './echo.ts';
export { CoapEndpoint } from './endpoint.ts';
export type {
  CoapOutput,
  CoapRequest,
  CoapResponse,
  CoapSink,
  CoapTransport,
  FailureReason,
  IncomingHandle,
  IncomingRequest,
  IncomingResponse,
  RequestHandle,
  StreamOutput,
  StreamSink,
} from './endpoint-types.ts';
export { CoapError, type CoapErrorCode } from './errors.ts';
export {
  decodeMessage,
  emptyMessage,
  encodeMessage,
  MAX_OPTIONS,
  peekHeader,
  type CoapMessage,
  type MessageType,
  type RawOption,
} from './message.ts';
export { OscoreContext, type ContextOptions, type KeySource, type MarkWanted, type OscoreMark } from './oscore/context.ts';
export { OscoreError, type OscoreErrorCode } from './oscore/errors.ts';
export { deriveKeys, MOST_ID_BYTES, type OscoreKeys, type OscoreSecret } from './oscore/keys.ts';
export { decodeOscoreOption, encodeOscoreOption, pivOf, sequenceOf, type OscoreOption } from './oscore/option.ts';
export { innerOptions, openRequest, openResponse, protectRequest, protectResponse } from './oscore/protection.ts';
export type { RequestBinding } from './oscore/sealing.ts';
export { addressOf, OSCORE_PREFIX, oscorePeer, partsOfPeer } from './oscore/oscore-peers.ts';
export { OscoreTransport } from './oscore/oscore-transport.ts';
export { OscoreContexts, type NamedContext, type OscoreOutput, type OscoreParts, type OscoreSink } from './oscore/oscore-types.ts';
export { OPTION, readOptions, writeOptions, type CoapOptions, type ReadOptions } from './options.ts';
export { COVERAGE, DEFAULT_ENDPOINT_SETTINGS, type Coverage, type EndpointSettings, type PeerTiming } from './settings.ts';
export type { StreamRole } from './stream-connection.ts';
export { decodeFrame, encodeFrame, FrameDecoder, isSignal, type StreamMessage } from './stream-frame.ts';
export { DEFAULT_STREAM_SETTINGS, type StreamSettings } from './stream-settings.ts';
export { CoapStreams } from './streams.ts';
