// Registrations, pushed blocks and pulled blocks per second, each beside a raw echo of datagrams of the same sizes.
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CODE, CoapEndpoint, encodeMessage, nextBlock, onAnswer, planBlock, startUpload, szxOfSize, writeOptions } from '@drover/coap';
import { Entropy } from '@drover/kernel';
import { CONTENT_FORMAT, parseRegister } from '@drover/lwm2m';
import { result, takeTurns } from './rounds.mjs';

export const about = 'CoAP over real UDP: registrations, Block1 push, Block2 pull';

const ROUNDS = 5;
const WARM_MS = 400;
const MEASURED_MS = 1200;
/** One datagram in flight on each. */
const SOCKETS = 64;
const BLOCK = 512;
const IMAGE_BYTES = 4096 * BLOCK;
const IMAGE = randomBytes(IMAGE_BYTES);
const ETAG = IMAGE.subarray(0, 8);
const LINKS = Buffer.from('</>;rt="oma.lwm2m";ct="110 112",</1/0>,</3/0>,</4/0>,</5/0>,</7/0>,</10/0>');

class SystemEntropy extends Entropy {
  bytes(count) {
    return randomBytes(count);
  }
}

/** The load generator: asked by message, one order after the other. */
class Load {
  #child = fork(join(import.meta.dirname, 'coap-load.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  async ask(order) {
    this.#child.send(order);
    const [answer] = await once(this.#child, 'message');
    return answer;
  }
  end() {
    this.#child.disconnect();
  }
}

async function openSocket() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Exchanges per second, and what each costs this process in CPU time, over one measured stretch. */
async function measure(countNow) {
  await sleep(WARM_MS);
  await countNow('start');
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await sleep(MEASURED_MS);
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1000;
  const exchanges = await countNow('stop');
  return { perSecond: exchanges / seconds, cpuUs: (used.user + used.system) / exchanges };
}

/** A server here, driven from there. `attach` makes the socket answer. */
async function served(load, plan, attach) {
  const socket = await openSocket();
  const detach = attach(socket);
  await load.ask({ type: 'drive', port: socket.address().port, count: SOCKETS, plan });
  const sample = await measure(async (when) => {
    if (when === 'start') return load.ask({ type: 'count' });
    const { counted, wrong, lost } = await load.ask({ type: 'stop' });
    if (wrong > 0) throw new Error(`${wrong} of ${counted} answers are not what was asked for`);
    if (lost * 100 > counted) throw new Error(`${lost} of ${counted} datagrams were lost: that measures the loss, not the server`);
    return counted;
  });
  detach();
  socket.close();
  return sample;
}

/** An endpoint on a socket, as the gateway has it. */
function endpointOn(socket, onOutput) {
  const endpoint = new CoapEndpoint((output) => {
    if (output.type === 'datagram') {
      const colon = output.peer.lastIndexOf(':');
      socket.send(output.bytes, Number(output.peer.slice(colon + 1)), output.peer.slice(0, colon));
    } else onOutput(endpoint, output);
  }, new SystemEntropy());
  socket.on('message', (bytes, { address, port }) => endpoint.receive(`${address}:${port}`, bytes, performance.now()));
  const timer = setInterval(() => endpoint.advance(performance.now()), 20);
  return { endpoint, stop: () => clearInterval(timer) };
}

const endpointServer = (respond) => (socket) =>
  endpointOn(socket, (endpoint, output) => {
    if (output.type === 'request') endpoint.respond(output.handle, respond(output.request), performance.now());
  }).stop;

function echoServer(size) {
  const bytes = Buffer.alloc(size, 0x60);
  return (socket) => {
    socket.on('message', (_bytes, { address, port }) => socket.send(bytes, port, address));
    return () => undefined;
  };
}

let locations = 0;
function register({ options, payload }) {
  const outcome = parseRegister({ query: options.uriQuery, contentFormat: options.contentFormat, payload });
  if (outcome.type === 'refused') return { code: CODE.BAD_REQUEST };
  return { code: CODE.CREATED, options: { locationPath: ['rd', String(++locations).padStart(8, '0')] } };
}

function serveBlock({ options }) {
  const plan = planBlock({ size: IMAGE_BYTES, etag: ETAG, preferredSzx: szxOfSize(BLOCK) }, options.block2);
  const { offset, length, block2, etag } = plan;
  return { code: CODE.CONTENT, options: { etag, contentFormat: 42, block2 }, payload: IMAGE.subarray(offset, offset + length) };
}

const TOKEN = randomBytes(8);
const message = (more) => encodeMessage({ type: 'CON', code: 0x02, messageId: 0, token: TOKEN, options: [], payload: new Uint8Array(), ...more });

const REGISTER = Buffer.from(
  message({
    options: writeOptions({
      uriPath: ['rd'],
      contentFormat: CONTENT_FORMAT.LINK,
      uriQuery: ['ep=urn:imei:000000000000000', 'lt=86400', 'lwm2m=1.1', 'b=UQ'],
    }),
    payload: LINKS,
  }),
);
const FIRST_BLOCK = { num: 256, more: false, szx: 5 };
const GET = Buffer.from(message({ code: 0x01, options: writeOptions({ uriPath: ['fw', 'AAAAAAAAAAAAAAAA'], block2: FIRST_BLOCK }) }));
const BLOCK_AT = GET.indexOf(Buffer.of(0x10, 0x05));
if (BLOCK_AT < 0) throw new Error('the block option is not where the load generator would change it');

const planOf = (template, edits, answerCode) => ({ template: template.toString('base64'), edits: [{ at: 2, kind: 'message-id' }, ...edits], answerCode });
const registerPlan = (code) => planOf(REGISTER, [{ at: REGISTER.indexOf('urn:imei:') + 9, kind: 'digits' }], code);
const pullPlan = (code) => planOf(GET, [{ at: BLOCK_AT, kind: 'block' }], code);

const sizeOfAnswer = ({ code, options = {}, payload = new Uint8Array() }) => message({ type: 'ACK', code, options: writeOptions(options), payload }).length;
const REGISTER_ANSWER_BYTES = sizeOfAnswer({ code: CODE.CREATED, options: { locationPath: ['rd', '00000001'] } });
const BLOCK_ANSWER_BYTES = sizeOfAnswer(serveBlock({ options: { block2: FIRST_BLOCK } }));

/** The option that a device adds to 2.31: Block1 with 512 bytes to a block. */
const CONTINUE_TAIL = Buffer.of(0xd1, 0x0e, 0x0d).toString('base64');
const blockRequest = (block1, payload) => ({ method: 'PUT', path: ['5', '0', '0'], contentFormat: CONTENT_FORMAT.OPAQUE, payload, block1 });
const PUSHED = Buffer.from(
  message({
    code: 0x03,
    options: writeOptions({ uriPath: ['5', '0', '0'], contentFormat: CONTENT_FORMAT.OPAQUE, block1: { num: 256, more: true, szx: 5 } }),
    payload: IMAGE.subarray(0, BLOCK),
  }),
);

/** Blocks to many devices at once, one in flight to each. `start` sends the first block to every port. */
async function pushed(load, start) {
  const socket = await openSocket();
  const { ports } = await load.ask({ type: 'answer', count: SOCKETS, tail: CONTINUE_TAIL });
  const run = start(socket, ports);
  let from = 0;
  const sample = await measure(async (when) => {
    if (when === 'start') from = run.answers();
    return run.answers() - from;
  });
  run.stop();
  await load.ask({ type: 'stop' });
  socket.close();
  return sample;
}

function pushBlocks(socket, ports) {
  let answers = 0;
  let isStopped = false;
  const { endpoint, stop } = endpointOn(socket, (_endpoint, output) => {
    if (output.type === 'response') output.handle.correlation(output.response, output.retransmissions);
    else if (output.type === 'failed' && !isStopped) throw new Error(`a push failed: ${output.reason}`);
  });
  for (const port of ports) {
    let upload = startUpload({ size: IMAGE_BYTES, szx: szxOfSize(BLOCK) });
    const send = () => {
      if (isStopped) return;
      const { offset, length, block1, size1 } = nextBlock(upload);
      const request = { ...blockRequest(block1, IMAGE.subarray(offset, offset + length)), size1, correlation: answered };
      endpoint.request(`127.0.0.1:${port}`, request, performance.now());
    };
    const answered = (response, retransmissions) => {
      const outcome = onAnswer(upload, { code: response.code, block1: response.options.block1, retransmissions });
      answers++;
      upload = outcome.type === 'continue' ? outcome.upload : startUpload({ size: IMAGE_BYTES, szx: szxOfSize(BLOCK) });
      send();
    };
    send();
  }
  return {
    answers: () => answers,
    stop: () => {
      isStopped = true;
      stop();
    },
  };
}

function pushRaw(socket, ports) {
  let answers = 0;
  socket.on('message', (_bytes, { port, address }) => {
    answers++;
    socket.send(PUSHED, port, address);
  });
  for (const port of ports) socket.send(PUSHED, port, '127.0.0.1');
  return { answers: () => answers, stop: () => socket.removeAllListeners('message') };
}

export async function run(progress) {
  const load = new Load();
  try {
    const turns = (title, subjects) => takeTurns(subjects, { rounds: ROUNDS, progress, title });
    const lines = (what, unit, { ours, raw }) => [
      result(what, unit, ours.perSecond, raw.perSecond),
      result(`${what}, CPU of the server side each`, 'µs', ours.cpuUs, raw.cpuUs),
    ];
    const registered = await turns('registrations', {
      raw: () => served(load, registerPlan(), echoServer(REGISTER_ANSWER_BYTES)),
      ours: () => served(load, registerPlan(CODE.CREATED), endpointServer(register)),
    });
    const push = await turns('pushed blocks', { raw: () => pushed(load, pushRaw), ours: () => pushed(load, pushBlocks) });
    const pull = await turns('pulled blocks', {
      raw: () => served(load, pullPlan(), echoServer(BLOCK_ANSWER_BYTES)),
      ours: () => served(load, pullPlan(CODE.CONTENT), endpointServer(serveBlock)),
    });
    return [
      ...lines('registrations', '1/s', registered),
      ...lines(`Block1 push, ${BLOCK} bytes`, 'blocks/s', push),
      ...lines(`Block2 pull, ${BLOCK} bytes`, 'blocks/s', pull),
    ];
  } finally {
    load.end();
  }
}

export const notes = [
  `${SOCKETS} sockets with one datagram in flight each; the load generator is a process of its own; medians of ${ROUNDS} rounds that take turns`,
  'rates move with whatever else the machine does; the CPU time of an exchange moves little',
  'peer: a bare dgram socket, datagrams of the same sizes, nothing parsed; the generator costs about as much as that echo and limits it',
];
