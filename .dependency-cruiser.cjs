const PURE = '^(libs/(kernel|fleet|campaign|schedule|rollout|lwm2m|coap|dtls|credentials|audit|gitops)/src|firmware-store/src/trust)';
const SPEC = '\\.(e2e-)?spec\\.ts$';

/** Who may import whom. A folder may always import itself; whatever is not listed is forbidden. */
const MAY_IMPORT = {
  'libs/kernel': [],
  'libs/fleet': ['libs/kernel'],
  'firmware-store': ['libs/kernel', 'libs/fleet'],
  'libs/campaign': ['libs/kernel', 'libs/fleet', 'libs/schedule', 'firmware-store'],
  'libs/schedule': ['libs/kernel', 'libs/fleet'],
  'libs/rollout': ['libs/kernel', 'libs/fleet', 'libs/campaign', 'libs/schedule', 'firmware-store'],
  'libs/lwm2m': ['libs/kernel'],
  'libs/coap': ['libs/kernel'],
  'libs/dtls': ['libs/kernel'],
  'libs/credentials': ['libs/kernel'],
  'libs/audit': ['libs/kernel'],
  'libs/gitops': ['libs/kernel', 'libs/fleet', 'firmware-store', 'libs/campaign'],
  'libs/contracts': ['libs/kernel'],
  'libs/persistence': ['libs/kernel', 'libs/fleet', 'libs/campaign', 'libs/schedule', 'libs/rollout', 'libs/credentials', 'libs/audit', 'firmware-store'],
  'libs/platform': ['libs/kernel'],
  'libs/testkit': ['libs/', 'firmware-store'],
  'apps/server': ['libs/', 'firmware-store'],
  'apps/cli': ['libs/', 'firmware-store'],
  'apps/simulator': ['libs/'],
};

const escapeName = (folder) => folder.replaceAll('/', '-');

const ownModulesOnly = Object.entries(MAY_IMPORT).map(([from, to]) => ({
  name: `${escapeName(from)}-imports`,
  severity: 'error',
  from: { path: `^${from}/src`, pathNot: SPEC },
  to: { path: '^(libs|apps|firmware-store)/', pathNot: [from, ...to].map((folder) => (folder.endsWith('/') ? `^${folder}` : `^${folder}/`)) },
}));

/** Packages a pure library may reach, through however many files; everything else in node_modules is forbidden to it. */
const PACKAGES = {
  'libs/(kernel|campaign|schedule|rollout|coap|dtls|credentials|audit)/src': [],
  'libs/fleet/src': ['@marcbachmann/cel-js'],
  'libs/lwm2m/src': ['cbor2', '@cto.af', 'saxes', 'xmlchars'],
  'libs/gitops/src': ['yaml'],
  'firmware-store/src/trust': ['cbor2', '@cto.af'],
};

const packagesOnly = Object.entries(PACKAGES).map(([from, packages]) => ({
  name: `${from.replace(/[^a-z]+/g, '-')}-packages`,
  severity: 'error',
  from: { path: `^${from}`, pathNot: SPEC },
  to: { path: 'node_modules/', pathNot: ['node_modules/@drover/', ...packages.map((name) => `node_modules/${name}/`)] },
}));

module.exports = {
  forbidden: [
    ...ownModulesOnly,
    ...packagesOnly,
    {
      name: 'pure-core',
      comment: 'Not even through a third file: reachable, not direct.',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { path: 'node_modules/(@nestjs|typeorm|rxjs|fastify|better-sqlite3|pino)', reachable: true },
    },
    {
      name: 'pure-core-no-stores',
      comment: 'No pure library reaches a blob store.',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { path: '^firmware-store/src/stores', reachable: true },
    },
    {
      name: 'pure-core-no-io',
      comment: 'node:crypto is functions; everything else of Node is the world.',
      severity: 'error',
      from: { path: PURE, pathNot: SPEC },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    { name: 'testkit-in-tests-only', severity: 'error', from: { pathNot: [SPEC, '^libs/testkit', '^test/'] }, to: { path: '^libs/testkit' } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules/(?!@drover/)' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'], extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
};
