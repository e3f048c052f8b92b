import tseslint from 'typescript-eslint';

const PURE = ['libs/{kernel,fleet,campaign,schedule,rollout,lwm2m,coap,dtls,credentials,audit,gitops}/src/**/*.ts', 'firmware-store/src/trust/**/*.ts'];
const TESTS = ['**/*.spec.ts', '**/*.e2e-spec.ts', 'test/**', 'libs/testkit/**'];

const forbidden = (selector, message) => ({ selector, message });

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.tools/**', 'data/**', 'out/**'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: { allowDefaultProject: ['*.ts'] }, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-restricted-syntax': ['error', forbidden('TSEnumDeclaration', 'unions of string literals instead of enum')],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-console': 'error',
    },
  },
  { files: ['**/*.module.ts'], rules: { 'max-params': 'off' } },
  {
    files: PURE,
    ignores: TESTS,
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'console', 'performance', 'queueMicrotask'],
      'no-restricted-syntax': [
        'error',
        forbidden('TSEnumDeclaration', 'unions of string literals instead of enum'),
        forbidden("MemberExpression[object.name='Date'][property.name='now']", 'time is an argument'),
        forbidden("NewExpression[callee.name='Date'][arguments.length=0]", 'time is an argument'),
        forbidden("MemberExpression[object.name='Math'][property.name='random']", 'chance is an argument'),
        forbidden("NewExpression[callee.name='Error']", "throw the library's own error, with a code"),
      ],
    },
  },
  {
    files: TESTS,
    languageOptions: { parserOptions: { projectService: false, project: './tsconfig.test.json' } },
    rules: { 'max-lines-per-function': 'off', 'max-params': 'off', 'no-console': 'off' },
  },
);
