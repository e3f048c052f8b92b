import { createPrivateKey } from 'node:crypto';
import type { CoapResponse, IncomingRequest, OscoreSecret } from '@drover/coap';
import { CONTENT_FORMAT, decodeContent, isObjectLink, type ResourceValue, type Value } from '@drover/lwm2m';
import { SecuredDevice, type DeviceCredential } from './secured-device.ts';

const { TLV } = CONTENT_FORMAT;

export interface BootstrapHabits {
  /** Formats that it can be written in. */
  readonly formats?: readonly number[];
  /** After so many requests of the server it is gone. */
  readonly diesAfter?: number;
  /** Requests that it answers otherwise. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Instances that it has before, beside the bootstrap account. */
  readonly holds?: readonly string[];
}

type Written = Pick<IncomingRequest, 'options' | 'payload'>;
type Answered = { readonly code: string; readonly options?: CoapResponse['options']; readonly payload?: Uint8Array };

/** What a device remembers of accounts, and what a bootstrap server does to that: the bootstrap account is `/0/0`, and stays. */
export class AccountMemory {
  readonly values = new Map<string, Value>();
  readonly asked: string[] = [];
  isFinished = false;
  /** Of what comes in blocks, until the last one is there. */
  #parts: Uint8Array[] = [];
  readonly #habits: BootstrapHabits;

  constructor(habits: BootstrapHabits = {}) {
    this.#habits = habits;
    this.values.set('/0/0/1', true);
    for (const instance of habits.holds ?? []) this.values.set(`${instance}/0`, 'old');
  }

  /** The account of the server that it is to register with; undefined before it has one. */
  get account(): { readonly uri: string; readonly credential: DeviceCredential } | undefined {
    const instances = this.instances.filter((instance) => instance.startsWith('/0/') && this.values.get(`${instance}/1`) === false);
    const [instance] = instances;
    if (instance === undefined) return undefined;
    const at = (resource: number): Value | undefined => this.values.get(`${instance}/${resource}`);
    return { uri: String(at(0)), credential: credentialOf(Number(at(2)), at(3) as Uint8Array, at(5) as Uint8Array) };
  }

  /** Of an account with OSCORE, as the device has it; undefined where its account links to none. */
  get context(): OscoreSecret | undefined {
    const link = [...this.values].find(([path]) => /^\/0\/\d+\/17$/.test(path))?.[1];
    if (link === undefined || !isObjectLink(link)) return undefined;
    const at = (resource: number): Uint8Array => this.values.get(`/${link.object}/${link.instance}/${resource}`) as Uint8Array;
    return { masterSecret: at(0), senderId: at(1), recipientId: at(2), masterSalt: at(5) };
  }

  get instances(): string[] {
    return [...new Set([...this.values.keys()].map((path) => path.split('/').slice(0, 3).join('/')))];
  }

  respond(text: string, { options, payload }: Written): Answered {
    const { block1 } = options;
    if (block1?.num === 0) this.#parts = [];
    if (block1) this.#parts.push(Uint8Array.from(payload));
    if (block1?.more) return { code: '2.31', options: { block1 } };
    this.asked.push(text);
    const { answers = {} } = this.#habits;
    const whole = { options, payload: block1 ? Buffer.concat(this.#parts) : payload };
    const answer = answers[text] === undefined ? this.#do(text, whole) : { code: answers[text] };
    return block1 ? { ...answer, options: { block1 } } : answer;
  }

  take(values: readonly ResourceValue[]): void {
    for (const { path, value } of values) this.values.set(path, value);
  }

  #do(text: string, { options, payload }: Written): Answered {
    const [method, path = ''] = text.split(' ');
    if (method === 'GET') return path === '/' ? { code: '2.05', payload: this.#links() } : { code: '4.04' };
    if (method === 'DELETE') {
      for (const at of this.values.keys()) if (at.startsWith(`${path}/`) && !at.startsWith('/0/0/')) this.values.delete(at);
      return { code: '2.02' };
    }
    if (method === 'PUT') {
      const { formats = [TLV] } = this.#habits;
      const format = options.contentFormat ?? -1;
      if (!formats.includes(format)) return { code: '4.15' };
      this.take(decodeContent(format, Uint8Array.from(payload), path));
      return { code: '2.04' };
    }
    if (text !== 'POST /bs') return { code: '4.05' };
    this.isFinished = true;
    return { code: '2.04' };
  }

  #links(): Uint8Array {
    const ofServer = (instance: string): string => (/^\/[01]\//.test(instance) && instance !== '/0/0' ? ';ssid=7' : '');
    return Buffer.from(['</>;lwm2m=1.1', ...this.instances.map((instance) => `<${instance}>${ofServer(instance)}`)].join(','));
  }
}

function credentialOf(mode: number, identity: Uint8Array, secret: Uint8Array): DeviceCredential {
  if (mode === 0) return { psk: { identity: Buffer.from(identity).toString(), key: secret } };
  if (mode !== 1 && mode !== 2) return {};
  const privateKey = createPrivateKey({ key: Buffer.from(secret), format: 'der', type: 'pkcs8' });
  if (mode === 2) return { own: { privateKey, chain: [Buffer.from(identity)] } };
  return { own: { privateKey, rawKey: Buffer.from(identity) } };
}

/** A device that has a factory key, and what it is given with it. */
export class BootstrappingDevice {
  readonly memory: AccountMemory;
  readonly device: SecuredDevice;

  private constructor(memory: AccountMemory, device: SecuredDevice) {
    this.memory = memory;
    this.device = device;
  }

  static async start(bootstraps: string, factory: DeviceCredential, habits: BootstrapHabits = {}): Promise<BootstrappingDevice> {
    const memory = new AccountMemory(habits);
    const device: SecuredDevice = await SecuredDevice.start(bootstraps, factory, (text, request) => {
      const answer = memory.respond(text, request);
      // Its power is gone with this answer on the way.
      if (memory.asked.length === habits.diesAfter) device.isMute = device.isDeaf = true;
      return answer;
    });
    try {
      await device.connect();
    } catch (error) {
      device.close();
      throw error;
    }
    return new BootstrappingDevice(memory, device);
  }

  /** Answers the code of the Bootstrap-Request, and what came with it. */
  async ask(query: readonly string[]): Promise<{ code: string; why: string }> {
    const { code, payload } = await this.device.request({ method: 'POST', path: ['bs'], query });
    return { code: `${code >> 5}.${String(code & 31).padStart(2, '0')}`, why: Buffer.from(payload).toString() };
  }

  close(): void {
    this.device.close();
  }
}
