import { HOUR, Instant, isoOf, plus } from '@drover/kernel';
import type { Outlook } from '@drover/schedule';
import type { CellView, ForecastView, OutlookView } from '@drover/contracts';
import type { Cell } from './cells.ts';
import type { ForecastTicket } from './forecast-ticket.ts';

const STAGES = 'one after the other in each run: a stage opens when the gate before it has passed and its stage has soaked; nobody fails';

export function forecastView(ticket: ForecastTicket): ForecastView {
  const { asked, state, revision, progress, outlook, failure } = ticket;
  return {
    id: asked.id,
    campaign: asked.campaign,
    isPlan: asked.isPlan,
    state,
    revision,
    askedAt: isoOf(asked.askedAt),
    progress,
    outlook: outlook && outlookView(outlook, asked.assumes),
    failure: failure && { code: failure.code, kind: failure.kind, message: failure.message },
  };
}

function outlookView({ at, eta, devices, ...outlook }: Outlook, assumes: readonly string[]): OutlookView {
  const timeOf = (hours: number | null): string | null => (hours === null ? null : isoOf(plus(Instant(at), hours * HOUR)));
  return {
    ...outlook,
    at: isoOf(Instant(at)),
    devices: { ...devices, infeasible: devices.infeasible as Record<string, number> },
    eta: eta.map(({ share, hours }) => ({ share, hours, at: { p50: timeOf(hours.p50), p90: timeOf(hours.p90) } })),
    method: { stages: STAGES, assumes },
  };
}

const thousandths = (value: number): number => Math.round(value * 1000) / 1000;

export function cellView({ used, budget, promised, transfers, ...cell }: Cell): CellView {
  const shown = transfers && {
    measured: transfers.measured,
    slowness: thousandths(transfers.slowness),
    loss: thousandths(transfers.loss),
    bytesPerSecond: Math.round(transfers.bytesPerSecond),
  };
  return { ...cell, transfers: shown, used: thousandths(used), budget: thousandths(budget), promised: promised.map(thousandths) };
}
