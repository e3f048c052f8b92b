import { DroverError, type ErrorKind } from '@drover/kernel';
import type { OperationView } from '@drover/contracts';
import type { Context } from './context.ts';
import { waitText } from './operation-text.ts';

/** How long the server may hold a look at an operation back for news, seconds. */
const LOOK_S = 20;

export interface Follow {
  /** Hands over each look that brought something; returns whether to go on. */
  readonly look?: (view: OperationView) => boolean;
}

/** Asks, says why it takes its time, and waits for the end. Ctrl-C takes back what waits and ends what observes. */
export async function follow(
  { api, out }: Context,
  device: string,
  { route, body }: { route: 'inquiries' | 'changes'; body: object },
  { look = () => true }: Follow = {},
): Promise<OperationView> {
  const base = `devices/${encodeURIComponent(device)}`;
  let view = await api.post<OperationView>(`${base}/${route}`, body);
  const operation = `${base}/operations/${encodeURIComponent(view.id)}`;
  const stop = (): Promise<OperationView> => api.post<OperationView>(`${operation}/cancel`);
  let isStopped = false;
  const interrupted = (): void => {
    isStopped = true;
    // The look that is under way returns with what this makes of the operation.
    stop().catch(() => undefined);
  };
  process.once('SIGINT', interrupted);
  try {
    for (let said = ''; ;) {
      const goesOn = look(view);
      if (isOver(view)) return ended(view);
      if (!goesOn) return await stop();
      const text = waitText(view);
      if (text !== said && text !== '') out.progress(text);
      said = text;
      view = await api.get<OperationView>(operation, { after: view.revision, waitSeconds: isStopped ? 0 : LOOK_S });
    }
  } finally {
    process.off('SIGINT', interrupted);
  }
}

const isOver = ({ state }: OperationView): boolean => state === 'done' || state === 'failed' || state === 'cancelled';

/** A refusal by the device, or by ourselves, ends the command with the status of its kind. */
function ended(view: OperationView): OperationView {
  if (view.state === 'cancelled') throw new DroverError('OPERATION_CANCELLED', 'conflict', 'the operation was taken back');
  const { failure } = view;
  if (!failure) return view;
  const message = failure.answer === undefined ? failure.message : `${failure.message} (${failure.answer})`;
  throw new DroverError(failure.code, failure.kind as ErrorKind, message, { details: { operation: view.id, answer: failure.answer } });
}
