import { DroverError, type ErrorKind } from '@drover/kernel';
import type { ForecastView, OutlookView } from '@drover/contracts';
import type { Context } from './context.ts';

/** How long the server may hold a look back for news, seconds. */
const LOOK_S = 20;
/** Runs are told no more often than this, ms. */
const TELL_EVERY_MS = 1000;

export type DoneForecast = ForecastView & { readonly outlook: OutlookView };

/** Asks for a forecast, tells how far it is, and waits for it. Ctrl-C takes it back. */
export async function followForecast({ api, out }: Context, route: string, body: object): Promise<DoneForecast> {
  let view = await api.post<ForecastView>(route, body);
  const path = `forecasts/${encodeURIComponent(view.id)}`;
  const interrupted = (): void => {
    // The look that is under way returns with what this makes of it.
    api.post(`${path}/cancel`).catch(() => undefined);
  };
  process.once('SIGINT', interrupted);
  try {
    for (let told = { at: 0, text: '' }; !isOver(view);) {
      const text = progressText(view);
      const at = performance.now();
      if (text !== told.text && (told.at === 0 || at - told.at > TELL_EVERY_MS)) {
        out.progress(`${view.campaign}: ${text}`);
        told = { at, text };
      }
      view = await api.get<ForecastView>(path, { after: view.revision, waitSeconds: LOOK_S });
    }
    return ended(view);
  } finally {
    process.off('SIGINT', interrupted);
  }
}

const isOver = ({ state }: ForecastView): boolean => state === 'done' || state === 'failed' || state === 'cancelled';

function progressText({ state, progress: { done, of } }: ForecastView): string {
  if (state === 'queued') return 'waits for its turn';
  return state === 'collecting' || of === 0 ? 'looks at the devices' : `${done} of ${of} runs`;
}

function ended(view: ForecastView): DoneForecast {
  const { outlook, failure } = view;
  if (outlook) return { ...view, outlook };
  if (failure) throw new DroverError(failure.code, failure.kind as ErrorKind, failure.message);
  throw new DroverError('FORECAST_CANCELLED', 'conflict', 'the forecast was taken back');
}
