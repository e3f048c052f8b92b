export { BlockAssembly, DEFAULT_ASSEMBLY_SETTINGS, type AssemblyOutcome, type AssemblySettings, type BodyPart } from './block-assembly.ts';
export { planBlock, type BlockPlan, type ServedBody } from './block-serve.ts';
export {
  nextBlock,
  onAnswer,
  startUpload,
  type BlockUpload,
  type UploadAnswer,
  type UploadBlock,
  type UploadOutcome,
} from './block-upload.ts';
export { decodeBlock, decodeUint, encodeBlock, encodeUint, MAX_SZX, offsetOf, sizeOfSzx, szxOfSize, type Block } from './block.ts';
export { classOf, CODE, code, codeOfMethod, codeOfText, codeText, methodOf, type Method } from './codes.ts';
export { CoapEndpoint } from './endpoint.ts';
export type {
  CoapOutput,
  CoapRequest,
  CoapResponse,
  CoapSink,
  FailureReason,
  IncomingHandle,
  IncomingRequest,
  IncomingResponse,
  RequestHandle,
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
export { OPTION, readOptions, writeOptions, type CoapOptions, type ReadOptions } from './options.ts';
export { COVERAGE, DEFAULT_ENDPOINT_SETTINGS, type Coverage, type EndpointSettings } from './settings.ts';
