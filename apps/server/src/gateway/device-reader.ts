import type { Endpoint, Instant } from '@drover/kernel';
import type { FromGateway } from '../link/messages.ts';
import { factsOfValues, type FactValues } from './facts-of-values.ts';
import type { Operations } from './operations.ts';
import type { Registered } from './registry.ts';

/** Objects whose instance 0 tells what campaigns need to know. */
const OBJECTS = [3, 4, 5] as const;

interface Known {
  readonly facts: FactValues;
  readonly versionFrom: string | undefined;
}

/** Contacts at which a device is asked once more that was silent before. */
const TRIES = 3;

/** Reads /3/0, /4/0 and /5/0 one after another while the device is awake, and tells what came of it once. */
export class DeviceReader {
  readonly #operations: Operations;
  readonly #send: (message: FromGateway) => void;
  readonly #clock: () => Instant;
  readonly #covered: (device: Registered, ce: number) => void;
  readonly #versionFrom: (device: Registered) => string | undefined;
  readonly #reading = new Set<Endpoint>();
  /** Devices that fell silent before they had told everything, and how often they are still asked. */
  readonly #unread = new Map<Endpoint, number>();

  constructor(parts: {
    operations: Operations;
    tell: (message: FromGateway) => void;
    clock: () => Instant;
    /** Coverage enhancement level of a device at its present address. */
    covered: (device: Registered, ce: number) => void;
    /** Where this kind of device shows the version of its firmware; undefined is /3/0/3. */
    versionFrom: (device: Registered) => string | undefined;
  }) {
    this.#operations = parts.operations;
    this.#send = parts.tell;
    this.#clock = parts.clock;
    this.#covered = parts.covered;
    this.#versionFrom = parts.versionFrom;
  }

  /** The device has registered: whatever was known of it may be different now. */
  read(device: Registered): void {
    this.#unread.delete(device.endpoint);
    this.#begin(device);
  }

  /** The device is awake: what it has not told yet is asked for again. */
  goOn(device: Registered): void {
    if (this.#unread.has(device.endpoint)) this.#begin(device);
  }

  forget(endpoint: Endpoint): void {
    this.#unread.delete(endpoint);
  }

  #begin(device: Registered): void {
    if (this.#reading.has(device.endpoint)) return;
    this.#reading.add(device.endpoint);
    const present = OBJECTS.filter((object) =>
      device.objects.some((known) => known.object === object && (known.instances.length === 0 || known.instances.includes(0))),
    );
    const paths = present.map((object) => `/${object}/0`);
    const versionFrom = this.#versionFrom(device);
    const isRead = versionFrom === undefined || paths.some((path) => versionFrom.startsWith(`${path}/`));
    this.#next(device, isRead ? paths : [...paths, versionFrom], { facts: {}, versionFrom });
  }

  #next(device: Registered, [path, ...rest]: readonly string[], known: Known): void {
    const { facts, versionFrom } = known;
    if (path === undefined) {
      this.#unread.delete(device.endpoint);
      return this.#finish(device, facts);
    }
    this.#operations.perform(
      device,
      { type: 'read', path },
      {
        done: (outcome) => {
          if (outcome.type === 'no-answer') return this.#silent(device, facts);
          this.#next(device, rest, { facts: { ...facts, ...factsOfValues(outcome.values, versionFrom) }, versionFrom });
        },
      },
    );
  }

  /** Silence means asleep: what was read so far still counts, the rest waits for the next contact. */
  #silent(device: Registered, facts: FactValues): void {
    const left = (this.#unread.get(device.endpoint) ?? TRIES + 1) - 1;
    if (left > 0) this.#unread.set(device.endpoint, left);
    else this.#unread.delete(device.endpoint);
    this.#finish(device, facts);
  }

  #finish(device: Registered, facts: FactValues): void {
    this.#reading.delete(device.endpoint);
    const ce = facts['radio.ce'];
    if (typeof ce === 'number') this.#covered(device, ce);
    this.#send({
      type: 'facts',
      endpoint: device.endpoint,
      at: this.#clock(),
      facts: { ...facts, lwm2mVersion: device.lwm2mVersion, queueMode: device.queueMode },
    });
  }
}
