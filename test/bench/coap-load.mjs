// The other side of the coap bench, in a process of its own: many sockets, one datagram in flight on each.
//   drive  sends a datagram, waits for the answer, sends the next; counts answers between `count` and `stop`.
//   answer answers each datagram with its message id and token: a device that takes every block.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** An answer that takes this long was lost: the same datagram goes out again. */
const LOST_MS = 250;

let sockets = [];
let counted = 0;
let wrong = 0;
let lost = 0;

const bound = async () => {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
};

/** `edits` say which bytes of the template change from one datagram to the next. */
function nextDatagram({ template, edits }, id, turn) {
  const bytes = Buffer.from(template);
  for (const { at, kind } of edits) {
    if (kind === 'message-id') bytes.writeUInt16BE(turn & 0xffff, at);
    else if (kind === 'digits') bytes.write(String(id * 1_000_000 + (turn % 1_000_000)).padStart(15, '0'), at, 'latin1');
    else if (kind === 'block') bytes.writeUInt16BE(((256 + (turn % 3840)) << 4) | 5, at);
  }
  return bytes;
}

async function drive({ port, count, plan }) {
  sockets = await Promise.all(Array.from({ length: count }, bound));
  const template = { template: Buffer.from(plan.template, 'base64'), edits: plan.edits };
  sockets.forEach((socket, id) => {
    let turn = 0;
    let timer;
    let bytes;
    const send = () => {
      socket.send(bytes, port, '127.0.0.1');
      timer = setTimeout(again, LOST_MS);
    };
    const again = () => {
      lost++;
      send();
    };
    const next = () => {
      bytes = nextDatagram(template, id, turn++);
      send();
    };
    socket.on('message', (answer) => {
      clearTimeout(timer);
      if (plan.answerCode !== undefined && answer[1] !== plan.answerCode) wrong++;
      counted++;
      next();
    });
    socket.once('close', () => clearTimeout(timer));
    next();
  });
}

async function answer({ count, tail }) {
  sockets = await Promise.all(Array.from({ length: count }, bound));
  const rest = Buffer.from(tail, 'base64');
  for (const socket of sockets)
    socket.on('message', (bytes, { port, address }) => {
      const length = bytes[0] & 0x0f;
      const head = Buffer.from(bytes.subarray(0, 4 + length));
      head[0] = 0x60 | length;
      head[1] = 0x5f; // 2.31 Continue
      socket.send([head, rest], port, address);
    });
  return sockets.map((socket) => socket.address().port);
}

process.on('message', async (order) => {
  if (order.type === 'drive') await drive(order);
  if (order.type === 'answer') return process.send({ ports: await answer(order) });
  if (order.type === 'count') counted = wrong = lost = 0;
  if (order.type === 'stop') {
    for (const socket of sockets) socket.close();
    sockets = [];
    return process.send({ counted, wrong, lost });
  }
  process.send({});
});
