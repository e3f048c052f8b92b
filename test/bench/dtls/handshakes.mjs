// Full handshakes one after the other, by our client, with our server and with OpenSSL's: what each of them costs the server's process.
import { execFileSync, fork, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DtlsClient, GROUP } from '@drover/dtls';
import { KEY, OneKey, SystemEntropy } from './sessions.mjs';

const IDENTITY = 'urn:imei:000000000000001';
const TICKS_PER_SECOND = 100;
const WARM = 100;
const PATIENCE_MS = 5000;

export const SUITES = {
  psk: { name: 'TLS_PSK_WITH_AES_128_CCM_8', openssl: 'PSK-AES128-CCM8:@SECLEVEL=0' },
  ecdhe: { name: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', openssl: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
};

/** A key on P-256 and its own certificate, made for this run. */
export function papers() {
  const folder = mkdtempSync(join(tmpdir(), 'drover-bench-dtls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=server.example', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate, ...subject], { stdio: 'ignore' });
  return { key, certificate, remove: () => rmSync(folder, { recursive: true }) };
}

export async function startOurs({ certificate, key }) {
  const child = fork(join(import.meta.dirname, 'our-server.mjs'), [certificate, key]);
  const [{ port }] = await once(child, 'message');
  return { port, pid: child.pid, stop: () => child.kill('SIGKILL') };
}

export async function startOpenssl({ certificate, key }, suite) {
  const port = await freePort();
  const credentials = ['-cert', certificate, '-key', key, '-psk', KEY.toString('hex'), '-psk_identity', IDENTITY];
  const child = spawn('openssl', ['s_server', '-dtls1_2', '-quiet', '-accept', `127.0.0.1:${port}`, ...credentials, '-cipher', SUITES[suite].openssl], { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  await sleep(300);
  return { port, pid: child.pid, stop: () => child.kill('SIGKILL') };
}

async function freePort() {
  const probe = createSocket('udp4').bind(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}

/** One handshake from a port of its own, ended with close_notify; resolves when the server has said Finished. */
function handshake(port, suite) {
  return new Promise((done, reject) => {
    const socket = createSocket('udp4');
    const patience = setTimeout(() => reject(new Error(`no handshake within ${PATIENCE_MS} ms`)), PATIENCE_MS);
    const sink = (output) => {
      if (output.type === 'datagram') socket.send(output.bytes, port, '127.0.0.1');
      else if (output.type === 'refused') reject(new Error(`refused: ${output.by} ${output.alert}`));
      else if (output.type === 'opened') {
        clearTimeout(patience);
        client.close();
        setImmediate(() => socket.close(done));
      }
    };
    const ports = { sink, entropy: new SystemEntropy(), trust: new OneKey(), psk: { identity: Buffer.from(IDENTITY), key: KEY }, server: 'server' };
    const client = new DtlsClient(ports, { suites: [SUITES[suite].name], groups: [GROUP.secp256r1], cidBytes: undefined, serverCertificateTypes: ['x509'] });
    socket.on('message', (bytes) => client.receive(bytes, performance.now()));
    socket.bind(0, '127.0.0.1', () => client.connect(performance.now()));
  });
}

/** User and system time of a process, s. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Per second of the server's processor, and per second of the clock with one at a time. */
export async function measure({ port, pid }, suite, count) {
  for (let i = 0; i < WARM; i++) await handshake(port, suite);
  const [cpu, started] = [cpuOf(pid), performance.now()];
  for (let i = 0; i < count; i++) await handshake(port, suite);
  return { perCpuSecond: count / (cpuOf(pid) - cpu), perSecond: count / ((performance.now() - started) / 1000) };
}
