// Our DTLS: handshakes beside OpenSSL's server, records beside the bare cipher, the memory of a silent session, a restart.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { measure, papers, startOpenssl, startOurs } from './dtls/handshakes.mjs';
import { bare, machines } from './dtls/records.mjs';
import { restart } from './dtls/restart.mjs';
import { goal, result, takeTurns } from './rounds.mjs';

export const about = 'DTLS: handshakes to OpenSSL, records to the bare cipher, memory of a million sessions, a restart with 100,000';

const ROUNDS = 3;
const HANDSHAKES = { psk: 1000, ecdhe: 500 };
const SESSIONS = 1_000_000;
const BY_HANDSHAKE = 100_000;
const SAVED = 100_000;
const MOST_BYTES = 1536;

async function handshakeLines(progress) {
  const files = papers();
  const lines = [];
  try {
    for (const [suite, title] of [['psk', 'PSK, CCM_8'], ['ecdhe', 'ECDHE_ECDSA on P-256, GCM, server certificate']]) {
      const servers = { ours: await startOurs(files), openssl: await startOpenssl(files, suite) };
      const rates = await takeTurns(
        { openssl: () => measure(servers.openssl, suite, HANDSHAKES[suite]), ours: () => measure(servers.ours, suite, HANDSHAKES[suite]) },
        { rounds: ROUNDS, progress, title: `handshakes, ${title}` },
      );
      for (const server of Object.values(servers)) server.stop();
      lines.push(
        result(`handshakes, ${title}, for each second of the server's processor`, '1/s', rates.ours.perCpuSecond, rates.openssl.perCpuSecond),
        result(`handshakes, ${title}, one at a time with our client`, '1/s', rates.ours.perSecond, rates.openssl.perSecond),
      );
    }
  } finally {
    files.remove();
  }
  return lines;
}

async function recordLines(progress) {
  const lines = [];
  for (const suite of ['CCM_8', 'GCM']) {
    for (const size of [64, 1024]) {
      const title = `records of ${size} bytes sealed and opened, ${suite}`;
      const rates = await takeTurns({ bare: () => bare(suite, size), ours: () => machines(suite, size) }, { rounds: ROUNDS, progress, title });
      lines.push(goal(result(title, '1/s', rates.ours.perSecond, rates.bare.perSecond), 0.5));
    }
  }
  return lines;
}

/** In a process of its own, because its memory is the figure. */
function idleSessions(count, how, progress) {
  const child = fork(join(import.meta.dirname, 'dtls', 'idle-sessions.mjs'), [String(count), how], { execArgv: ['--expose-gc', '--max-old-space-size=6000'] });
  return new Promise((resolve, reject) => {
    let last;
    child.on('message', (message) => {
      if (message.progress === undefined) last = message;
      else progress(`${message.progress} of ${count} sessions, ${how}`);
    });
    child.once('exit', (code) => (last === undefined ? reject(new Error(`it ended with ${code}`)) : resolve(last)));
  });
}

const line = (metric, value, unit, wanted, met) => ({ metric, value: Math.round(value * 100) / 100, unit, goal: wanted, met });

export async function run(progress) {
  const records = await recordLines(progress);
  const handshakes = await handshakeLines(progress);
  const restored = await idleSessions(SESSIONS, 'restored', progress);
  const agreed = await idleSessions(BY_HANDSHAKE, 'handshake', progress);
  const back = await restart(SAVED, progress);
  const heapOf = ({ heapEach, externalEach }) => heapEach + externalEach;
  return [
    ...handshakes,
    ...records,
    line(`memory of an idle session, RSS, ${restored.sessions} of them`, restored.rssEach, 'bytes', `<= ${MOST_BYTES}`, restored.rssEach <= MOST_BYTES),
    line('of that on the heap and in buffers', heapOf(restored), 'bytes'),
    line(`heap and buffers of a session that came by a handshake, ${agreed.sessions} of them`, heapOf(agreed), 'bytes', `<= ${MOST_BYTES}`, heapOf(agreed) <= MOST_BYTES),
    line(`restart after a crash: ${SAVED} sessions decrypted and taken up`, back.restoredSeconds, 's'),
    line('restart after a crash: until the first record is accepted', back.firstSeconds, 's', '<= 5', back.firstSeconds <= 5),
    line('devices of which a record was accepted after it', back.heard, 'devices', String(SAVED), back.heard === SAVED && back.sessions === SAVED),
  ];
}

export const notes = [
  "handshakes: full ones from a new port each, with cookie, then close_notify; OpenSSL's is `openssl s_server -dtls1_2 -quiet`, one connection at a time; processor time is that of the server's process",
  'records: one process seals as a client and opens as a server, session, Connection ID and replay window included; the peer is node:crypto alone, key object, nonce and additional data made beforehand',
  'memory: difference of a process of its own; a million sessions come from saved states, as after a restart, because as many handshakes would take an hour',
  `medians of ${ROUNDS} rounds that take turns`,
];
