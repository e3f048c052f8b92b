// A device made of the npm package `coap`: registers from the socket it serves on, is read and observed there, and reads
// and observes from there. What it saw is two lines of JSON; it stays until its standard input ends.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import coap from 'coap';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const base = new URL(process.argv[2]);
const socket = createSocket('udp4');
socket.bind(0, '127.0.0.1');
await once(socket, 'listening');

let value = 0;
const watchers = new Set();
const server = coap.createServer((request, response) => {
  response.setOption('Content-Format', 'text/plain');
  if (request.url === '/3/0/1') return response.end('npm coap');
  if (request.headers.Observe !== 0) return response.end(`n${value}`);
  watchers.add(response);
  response.on('finish', () => watchers.delete(response));
  response.write(`n${value}`);
});
server.listen(socket);
setInterval(() => {
  value += 1;
  for (const response of watchers) response.write(`n${value}`);
}, 100);

const agent = new coap.Agent({ socket });

function ask(request, payload) {
  const asked = agent.request({ hostname: base.hostname, port: Number(base.port), ...request });
  asked.end(payload);
  return new Promise((resolve, reject) => {
    asked.on('response', resolve);
    asked.on('error', reject);
  });
}

async function watch(wanted) {
  const response = await ask({ pathname: '/counter', observe: true });
  const seen = [];
  for await (const chunk of response) {
    seen.push(chunk.toString());
    if (seen.length > wanted) break;
  }
  return seen;
}

const registered = await ask({ pathname: '/rd', query: 'ep=npm-coap&lt=300&b=U', method: 'POST' }, '</3/0>,</counter>');
const start = performance.now();
const image = await ask({ pathname: '/image' });
const seconds = Number(((performance.now() - start) / 1000).toFixed(3));
const { code: registerCode } = registered;
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
say({ registerCode, imageBytes: image.payload.length, imageSha256: sha256(image.payload), seconds });
say({ seen: await watch(3) });
process.stdin.on('end', () => process.exit(0)).resume();
