// A share of the fleet in a process of its own: told what to do by message, and counts what the devices have seen.
import { Device } from './device.mjs';
import { endpointOf, keyOf } from './keys.mjs';

/** Devices switched on per 10 ms: a server has to answer them all. */
const AT_ONCE = 10;

let fleet;
let devices = [];

function start({ server, from, to, method, version, holdsAt, seed }) {
  const [host, port] = [server.slice(0, server.lastIndexOf(':')), Number(server.slice(server.lastIndexOf(':') + 1))];
  fleet = { host, port, method, version, holdsAt, endpointOf, keyOf: seed === undefined ? undefined : (index) => keyOf(seed, index) };
  devices = Array.from({ length: to - from }, (_, index) => new Device(from + index, fleet));
  let at = 0;
  const on = setInterval(() => {
    for (const device of devices.slice(at, at + AT_ONCE)) device.start();
    at += AT_ONCE;
    if (at >= devices.length) clearInterval(on);
  }, 10);
  setInterval(() => {
    const now = performance.now();
    for (const device of devices) device.repeat(now);
  }, 500);
}

const sum = (of) => devices.reduce((total, device) => total + Number(of(device)), 0);

process.on('message', (order) => {
  if (order.type === 'start') start(order);
  process.send({
    registered: sum(({ registrations }) => registrations > 0),
    held: sum(({ isHeld }) => isHeld),
    updated: sum(({ isUpdated }) => isUpdated),
    exchanges: sum(({ exchanges }) => exchanges),
    mostExchanges: devices.reduce((most, { exchanges }) => Math.max(most, exchanges), 0),
    blocks: sum(({ blocks }) => blocks),
  });
});
process.on('disconnect', () => process.exit(0));
