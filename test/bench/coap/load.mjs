// The device side of the coap bench, in a process of its own on the other core: many sockets, one datagram in flight on each.
//   drive  sends a datagram, waits for the answer, sends the next.
//   answer answers each block as a device that takes them all.
// Both count between `count` and `stop`, and may lose a share of what comes and goes.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { blockAnswer, isConfirmable, isRequest, OPTION, optionIn } from '../wire.mjs';

/** An answer that takes this long was lost: the same datagram goes out again. */
const LOST_MS = 1000;
const CONTINUE = 0x5f;

let sockets = [];
let counted = 0;
let wrong = 0;
let lost = 0;
/** Every datagram that came in, those included that are then thrown away. */
let received = 0;

async function bound() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** `edits` say which bytes of the template change from one datagram to the next. */
function edit(bytes, edits, id, turn) {
  for (const { at, kind, szx, blocks } of edits) {
    if (kind === 'message-id') bytes.writeUInt16BE(turn & 0xffff, at);
    else if (kind === 'endpoint') bytes.write(String(id).padStart(15, '0'), at, 'latin1');
    else if (kind === 'block') bytes.writeUInt16BE(((256 + (turn % (blocks - 256))) << 4) | szx, at);
  }
}

async function drive({ port, count, plan }) {
  sockets = await Promise.all(Array.from({ length: count }, bound));
  sockets.forEach((socket, id) => {
    const bytes = Buffer.from(plan.template, 'base64');
    let turn = 0;
    let sentAt = 0;
    const send = () => {
      sentAt = performance.now();
      socket.send(bytes, port, '127.0.0.1');
    };
    const next = () => {
      edit(bytes, plan.edits, id, turn++);
      send();
    };
    socket.again = (now) => {
      if (now - sentAt < LOST_MS) return;
      lost++;
      send();
    };
    socket.on('message', (answer) => {
      // The gateway asks a device that has registered; this one is busy and does not answer.
      if (isConfirmable(answer) && isRequest(answer)) return;
      if (plan.answerCode !== undefined && answer[1] !== plan.answerCode) wrong++;
      counted++;
      next();
    });
    next();
  });
}

/** Of the request: as a device answers that wants more. */
const continueFor = (bytes) => blockAnswer(bytes, optionIn(bytes, OPTION.BLOCK1) ?? Buffer.alloc(0), CONTINUE);

async function answer({ count, loss = 0 }) {
  sockets = await Promise.all(Array.from({ length: count }, bound));
  const isLost = () => loss > 0 && Math.random() < loss;
  for (const socket of sockets)
    socket.on('message', (bytes, { port, address }) => {
      received++;
      if (isLost()) return;
      counted++;
      if (!isLost()) socket.send(continueFor(bytes), port, address);
    });
  return sockets.map((socket) => socket.address().port);
}

const watch = setInterval(() => {
  const now = performance.now();
  for (const socket of sockets) socket.again?.(now);
}, 250);
watch.unref();

process.on('message', async (order) => {
  if (order.type === 'drive') await drive(order);
  if (order.type === 'answer') return process.send({ ports: await answer(order) });
  if (order.type === 'count') counted = wrong = lost = received = 0;
  if (order.type === 'peek') return process.send({ counted, wrong, lost, received });
  if (order.type === 'stop') {
    const seen = { counted, wrong, lost, received };
    const closing = sockets;
    sockets = [];
    for (const socket of closing) socket.close();
    return process.send(seen);
  }
  process.send({});
});
