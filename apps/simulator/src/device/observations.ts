import { CONTENT_FORMAT } from '@drover/lwm2m';

interface Observed {
  readonly peer: string;
  readonly token: Uint8Array;
  readonly path: string;
  readonly format: number;
}

interface Observation extends Observed {
  sequence: number;
  sent: string;
  /** Of the last notification, by which a server refuses it. */
  messageId: number;
}

export interface Notification extends Observed {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

const MAX_OBSERVATIONS = 16;

/** Who wants to hear of what. It ends with the power. */
export class Observations {
  #list: Observation[] = [];

  get size(): number {
    return this.#list.length;
  }

  /** The sequence number to answer with; `undefined` when there are too many, and the answer is a plain read. */
  begin(observed: Observed, payload: Uint8Array): number | undefined {
    this.end(observed.token);
    if (this.#list.length >= MAX_OBSERVATIONS) return undefined;
    this.#list.push({ ...observed, token: observed.token.slice(), sequence: 1, sent: textOf(payload), messageId: -1 });
    return 1;
  }

  end(token: Uint8Array): void {
    this.#list = this.#list.filter((each) => Buffer.compare(each.token, token) !== 0);
  }

  endByMessage(messageId: number): void {
    this.#list = this.#list.filter((each) => each.messageId !== messageId);
  }

  /** Those whose values are no longer what was told; `send` answers a message id. */
  changed(encode: (observed: Observed) => Uint8Array, send: (notification: Notification) => number): void {
    for (const observation of this.#list) {
      const payload = encode(observation);
      const text = textOf(payload);
      if (text === observation.sent) continue;
      observation.sent = text;
      observation.sequence += 1;
      observation.messageId = send({ ...observation, payload });
    }
  }
}

function textOf(payload: Uint8Array): string {
  return Buffer.from(payload).toString('hex');
}

/** One stack notifies single resources as text, whatever it was asked in. */
export function notificationFormat(asked: number, path: string, as: 'asked' | 'text'): number {
  const isSingle = path.split('/').length >= 4;
  return as === 'text' && isSingle ? CONTENT_FORMAT.TEXT : asked;
}
