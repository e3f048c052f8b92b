export { diffDocuments, type Difference } from './diff.ts';
export { MAX_FILE_BYTES, parseDocuments, refuseTwins, type ParsedFile, type PlacedFault } from './parse-documents.ts';
export { documentText } from './write-document.ts';
