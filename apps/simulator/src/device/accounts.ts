import { CODE, type CoapResponse, type IncomingRequest } from '@drover/coap';
import { CONTENT_FORMAT, decodeContent, formatLinks, Lwm2mError, type Value } from '@drover/lwm2m';
import type { DeviceSecret } from '../wire/coap-port.ts';
import { securityOf } from './account-keys.ts';
import { WrittenBody } from './written-body.ts';

/** The server that a device registers with, and who it is there. */
export interface Account {
  /** `address:port`. */
  readonly server: string;
  /** Absent without security. */
  readonly key?: DeviceSecret;
  readonly lifetimeS?: number;
}

/** The account of the bootstrap server itself: no server deletes it or writes over it. */
const OWN_ACCOUNT = '/0/0';
/** Resources of Object 0. */
const [URI, IS_BOOTSTRAP, SHORT_ID] = [0, 1, 10];
/** Of Object 1. */
const LIFETIME = 1;

/** Objects that a bootstrap server writes, while a session lasts. Written apart from the server's own, so that neither hides the mistakes of the other. */
export class Accounts {
  readonly #values = new Map<string, Value>([[`${OWN_ACCOUNT}/${IS_BOOTSTRAP}`, true]]);

  readonly #body = new WrittenBody();

  /** What a device has from the session before. */
  constructor(known: Account | undefined) {
    if (known === undefined) return;
    this.#values.set(`/0/1/${SHORT_ID}`, 1);
    this.#values.set('/1/0/0', 1);
  }

  serve({ method, options, payload }: IncomingRequest): CoapResponse {
    const path = `/${options.uriPath.join('/')}`;
    switch (method) {
      case 'GET':
        return path === '/' ? this.#discovered() : { code: CODE.NOT_FOUND };
      case 'DELETE':
        return { code: this.#delete(path) };
      case 'PUT':
        return this.#body.take({ options, payload }, (body) => this.#write(path, options.contentFormat ?? CONTENT_FORMAT.TLV, body));
      case 'POST':
        return { code: path !== '/bs' ? CODE.METHOD_NOT_ALLOWED : this.account === undefined ? CODE.NOT_ACCEPTABLE : CODE.CHANGED };
      default:
        return { code: CODE.METHOD_NOT_ALLOWED };
    }
  }

  /** The first server that it can speak with; undefined where what was written makes none. */
  get account(): Account | undefined {
    for (const instance of this.#instancesOf(0)) {
      const account = this.#values.get(`${instance}/${IS_BOOTSTRAP}`) === false ? this.#accountAt(instance) : undefined;
      if (account) return account;
    }
    return undefined;
  }

  #accountAt(instance: string): Account | undefined {
    const at = (resource: number): Value | undefined => this.#values.get(`${instance}/${resource}`);
    const uri = at(URI);
    if (typeof uri !== 'string' || !URL.canParse(uri)) return undefined;
    const { protocol, hostname, port } = new URL(uri);
    const security = securityOf(instance, protocol, (path) => this.#values.get(path));
    const server = `${hostname}:${port || (protocol === 'coaps:' ? 5684 : 5683)}`;
    return security && { server, lifetimeS: this.#lifetimeOf(at(SHORT_ID)), ...(security.key && { key: security.key }) };
  }

  #lifetimeOf(shortId: Value | undefined): number | undefined {
    const server = this.#instancesOf(1).find((instance) => this.#values.get(`${instance}/0`) === shortId);
    const lifetime = server && this.#values.get(`${server}/${LIFETIME}`);
    return typeof lifetime === 'number' ? lifetime : undefined;
  }

  #instancesOf(object: number): string[] {
    const all = [...this.#values.keys()].map((path) => path.split('/').slice(0, 3).join('/'));
    return [...new Set(all)].filter((path) => path.startsWith(`/${object}/`));
  }

  #discovered(): CoapResponse {
    const links = [0, 1, 2, 21].flatMap((object) =>
      this.#instancesOf(object).map((path) => {
        // Of Object 21 that would be its Master Secret.
        const id = object === 21 ? undefined : this.#values.get(`${path}/${object === 0 ? SHORT_ID : 0}`);
        return { path, attributes: new Map(typeof id === 'number' && path !== OWN_ACCOUNT ? [['ssid', String(id)]] : []) };
      }),
    );
    const text = formatLinks([{ path: '/', attributes: new Map([['lwm2m', '1.1']]) }, ...links]);
    return { code: CODE.CONTENT, options: { contentFormat: CONTENT_FORMAT.LINK }, payload: Buffer.from(text) };
  }

  #delete(path: string): number {
    for (const at of this.#values.keys())
      if (at.startsWith(path === '/' ? path : `${path}/`) && !at.startsWith(`${OWN_ACCOUNT}/`)) this.#values.delete(at);
    return CODE.DELETED;
  }

  #write(path: string, format: number, payload: Uint8Array): number {
    if (path === OWN_ACCOUNT) return CODE.BAD_REQUEST;
    try {
      for (const { path: at, value } of decodeContent(format, Uint8Array.from(payload), path)) this.#values.set(at, value);
      return CODE.CHANGED;
    } catch (error) {
      if (error instanceof Lwm2mError) return error.code === 'CONTENT_UNSUPPORTED' ? CODE.UNSUPPORTED_CONTENT_FORMAT : CODE.BAD_REQUEST;
      throw error;
    }
  }
}
