import { codeText, type CoapOutput, type CoapRequest, type CoapResponse, type IncomingHandle, type Method } from '@drover/coap';
import { SystemEntropy } from '@drover/platform';
import type { Door } from '../../apps/server/src/bootstrap/role/bootstrap-role.ts';
import type { Correlated, Requester } from '../../apps/server/src/gateway/operations/exchange.ts';
import type { SharedCredential } from '../../apps/server/src/link/security.ts';

export interface Sent {
  readonly peer: string;
  readonly text: string;
  readonly payload: string;
  readonly block1?: CoapRequest['block1'];
  readonly correlation: Correlated;
}

/** Devices on one side, what they were answered and asked on the other. */
export class TestDoor implements Door {
  readonly entropy = new SystemEntropy();
  readonly answered: string[] = [];
  readonly sent: Sent[] = [];
  readonly withdrawn: unknown[] = [];
  readonly factory = new Map<string, SharedCredential>();
  #output: (output: CoapOutput) => void = () => undefined;
  readonly coap: Requester = {
    request: (peer, { method, path, payload, block1, correlation }: CoapRequest) => {
      const text = `${method} /${path.join('/')}`;
      this.sent.push({
        peer,
        text,
        payload: Buffer.from(payload ?? []).toString('latin1'),
        block1,
        correlation: correlation as Correlated,
      });
      return { peer, correlation };
    },
    cancelRequest: (handle) => void this.withdrawn.push(handle),
    cancelObservation: () => undefined,
    setTiming: () => undefined,
  };

  listen({ output }: Parameters<Door['listen']>[0]): void {
    this.#output = output;
  }

  respond({ peer }: IncomingHandle, { code, payload }: CoapResponse): void {
    this.answered.push(`${peer} ${codeText(code)} ${Buffer.from(payload ?? []).toString('utf8')}`.trim());
  }

  credentialAt(peer: string): SharedCredential | undefined {
    return this.factory.get(peer);
  }

  review(): void {
    // Sessions are the door's own business.
  }

  hear(peer: string, text: string, uriQuery: readonly string[] = []): void {
    const [method = '', path = ''] = text.split(' ');
    const options = { uriPath: path.split('/').slice(1), uriQuery } as never;
    const handle = { peer, messageId: 1, token: new Uint8Array(0) };
    this.#output({
      type: 'request',
      peer,
      handle,
      request: { method: method as Method, confirmable: true, options, payload: new Uint8Array(0) },
    });
  }
}
