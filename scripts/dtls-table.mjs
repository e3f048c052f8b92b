// Runs the interop suites of DTLS and writes what they saw as the table of peers into docs/security.md.
//   npm run dtls-table                 all suites, then the table
//   npm run dtls-table -- --written    the table alone, from what the last runs wrote
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './lib/setup.mjs';

const OUT = join(ROOT, 'out');
const PAGE = join(ROOT, 'docs', 'security.md');
const BEGIN = '<!-- npm run dtls-table writes from here -->';
const END = '<!-- to here -->';

/** In the order in which they stand in a cell. */
const LETTERS = {
  plain: 'p',
  'small datagrams': 's',
  loss: 'l',
  reordering: 'r',
  resumption: 'a',
  'Connection ID': 'c',
  'three source ports': '3',
};

const ROWS = [
  ['TLS_PSK_WITH_AES_128_CCM_8', 'psk'],
  ['TLS_PSK_WITH_AES_128_GCM_SHA256', 'psk'],
  ['TLS_PSK_WITH_AES_128_CBC_SHA256', 'psk'],
  ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256', 'psk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'rpk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'rpk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', 'rpk'],
];

const proofFiles = () => readdirSync(OUT).filter((name) => /^dtls-.*\.json$/.test(name)).sort();

const lackOf = ({ lacks }, suite, mode, role) =>
  lacks.find((lack) => (lack.suites?.includes(suite) ?? true) && (lack.mode ?? mode) === mode && (lack.role ?? role) === role);

function cell(proof, suite, mode, role) {
  const seen = proof.seen.filter((one) => one.suite === suite && one.mode === mode && one.role === role);
  const letters = Object.entries(LETTERS).filter(([condition]) => seen.some((one) => one.condition === condition));
  if (letters.length > 0) return letters.map(([, letter]) => letter).join('');
  return lackOf(proof, suite, mode, role) ? '–' : 'not seen';
}

function table(proofs) {
  const head = ['suite', 'mode', ...proofs.map(({ peer }) => peer)];
  const rows = ROWS.map(([suite, mode]) => [
    suite.replace('TLS_', ''),
    mode,
    ...proofs.map((proof) => `${cell(proof, suite, mode, 'client')} · ${cell(proof, suite, mode, 'server')}`),
  ]);
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Why a dash stands where it stands. */
function lacksOf({ peer, lacks }) {
  return lacks.map(({ suites, mode, role, why }) => {
    const what = [suites?.map((suite) => suite.replace('TLS_', '')).join(', '), mode, role && `as ${role}`].filter(Boolean).join(', ');
    return `- ${peer}: ${what}: ${why}.`;
  });
}

const args = process.argv.slice(2);
let failed = 0;
if (!args.includes('--written')) {
  for (const name of proofFiles()) rmSync(join(OUT, name));
  const jest = ['node_modules/jest/bin/jest.js', 'test/interop/dtls-', '--selectProjects', 'interop', '--runInBand', '--forceExit'];
  failed = await run('node', jest, { env: process.env });
}
const proofs = proofFiles().map((name) => JSON.parse(readFileSync(join(OUT, name), 'utf8')));
const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error(`docs/security.md has no place for the table: ${BEGIN} … ${END}`);
writeFileSync(PAGE, `${before}${BEGIN}\n\n${table(proofs)}\n\n${proofs.flatMap(lacksOf).join('\n')}\n\n${END}${after}`);
process.stdout.write(`docs/security.md: ${proofs.map(({ peer, seen }) => `${peer} (${seen.length})`).join(', ')}\n`);
process.exit(failed);
