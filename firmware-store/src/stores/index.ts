export { BlobStore, type BlobReader } from './blob-store.ts';
export { DirectoryBlobStore, type DirectoryLimits } from './directory-blob-store.ts';
export { generateSigningKey, writeKeyPair, type KeyPaths } from './keygen.ts';
