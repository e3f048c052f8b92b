import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { DroverError, type ErrorKind } from '@drover/kernel';
import { API_PREFIX, type ErrorBody } from '@drover/contracts';

export interface Connection {
  readonly server: string;
  readonly token: string | undefined;
  readonly namespace: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Query;
  readonly body?: RequestInit['body'];
  readonly headers?: Readonly<Record<string, string>>;
}

const KINDS: readonly string[] = ['input', 'missing', 'conflict', 'trust', 'denied', 'transport', 'invariant'];

/** The HTTP API, with its errors brought back to what they were: code, kind, details. */
export class ApiClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json<T>({ method: 'GET', path, query });
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#json<T>({ method: 'POST', path, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  }

  /** Streams a file; it is never whole in memory. */
  upload<T>(path: string, file: string, onProgress: (sent: number, size: number) => void): Promise<T> {
    const { size } = statSync(file);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
    const body = Readable.toWeb(Readable.from(counted(file, (sent) => onProgress(sent, size)))) as ReadableStream;
    return this.#json<T>({ method: 'POST', path, body, headers });
  }

  async download(path: string, query: Query = {}): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch({ method: 'GET', path, query });
    if (!response.body) throw new DroverError('SERVER_ANSWER', 'transport', 'the server sent nothing');
    return response.body;
  }

  async #json<T>(call: Call): Promise<T> {
    return (await (await this.#fetch(call)).json()) as T;
  }

  async #fetch({ method, path, query = {}, body, headers = {} }: Call): Promise<Response> {
    const { server, token, namespace } = this.#connection;
    const url = new URL(`${API_PREFIX}/${path}`, server);
    for (const [name, value] of Object.entries({ namespace, ...query })) if (value !== undefined) url.searchParams.set(name, String(value));
    const authorised = { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const response = await fetch(url, { method, body, headers: authorised, ...(body ? { duplex: 'half' } : {}) } as RequestInit).catch(
      (error: unknown) => {
        throw new DroverError('SERVER_UNREACHABLE', 'transport', `no answer from ${server}: ${reasonOf(error)}`);
      },
    );
    if (!response.ok) throw await errorFrom(response);
    return response;
  }
}

async function* counted(file: string, onSent: (sent: number) => void): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of createReadStream(file)) {
    yield chunk as Buffer;
    onSent((sent += (chunk as Buffer).length));
  }
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}

async function errorFrom(response: Response): Promise<DroverError> {
  const body = (await response.json().catch(() => undefined)) as ErrorBody | undefined;
  if (!body?.error) return new DroverError('SERVER_ANSWER', 'transport', `the server answered ${response.status}`);
  const { code, kind, message, details } = body.error;
  return new DroverError(code, (KINDS.includes(kind) ? kind : 'transport') as ErrorKind, message, { details });
}
