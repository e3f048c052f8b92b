import type { DeviceRecord } from '@drover/persistence';
import type { Engine } from './engine.ts';

/** Devices looked at in one turn of the event loop, about 20 ms: contacts must not wait for a million of them. */
const AT_ONCE = 10_000;

/** After a class has changed: tells the gateway which devices have another one now. Each device is right by its next contact anyway. */
export async function tellClasses(engine: Engine): Promise<void> {
  const devices = engine.state.devices.values();
  for (let slice = sliceOf(devices); slice.length > 0; slice = sliceOf(devices)) {
    const some = slice;
    await engine.change((unit) => engine.state.classes.news(some).forEach((message) => unit.send(message)));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function sliceOf(devices: Iterator<DeviceRecord>): DeviceRecord[] {
  const slice: DeviceRecord[] = [];
  while (slice.length < AT_ONCE) {
    const { value, done } = devices.next();
    if (done) break;
    slice.push(value);
  }
  return slice;
}
