const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2024',
    keepClassNames: true,
  },
  module: { type: 'es6' },
};

const common = {
  rootDir: '.',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'import', 'default'] },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.tools/'],
};

/** Suites that start whole fleets under a clock that runs fast: whoever takes the processor meanwhile changes what they see. */
const FLEETS = ['auditor', 'conformance', 'dtls-kill', 'forecast', 'hostile', 'kill', 'models', 'newcomer', 'operator', 'oscore-kill', 'remedies', 'rotation', 'story', 'whole-system'].map((name) => `${name}.e2e-spec.ts`);

/** `unit` runs from sources; `e2e` and `interop` start the built programs, so `npm test` builds first. */
export default {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/{libs,apps,firmware-store}/**/*.spec.ts'] },
    { ...common, displayName: 'bad-input', testMatch: ['<rootDir>/test/bad-input/**/*.spec.ts'] },
    { ...common, displayName: 'interop', testMatch: ['<rootDir>/test/interop/**/*.spec.ts'] },
    { ...common, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'], testPathIgnorePatterns: FLEETS.map((file) => `/test/e2e/${file}`) },
    { ...common, displayName: 'e2e-fleets', testMatch: FLEETS.map((file) => `<rootDir>/test/e2e/${file}`) },
  ],
};
