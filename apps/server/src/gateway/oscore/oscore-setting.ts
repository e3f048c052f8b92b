import { oscorePeer } from '@drover/coap';
import type { CampaignClock, Logger } from '@drover/platform';
import type { Registry } from '../registry.ts';
import type { OscoreDesk } from './oscore-desk.ts';
import type { OscoreSetting } from './oscore-udp.ts';

export interface OscoreAround {
  readonly clock: CampaignClock;
  readonly log: Pick<Logger, 'debug'>;
  readonly registry: Registry;
  readonly only: boolean;
}

/** How the contexts of devices stand to their registrations. */
export function oscoreSetting(desk: OscoreDesk, { clock, log, registry, only }: OscoreAround): OscoreSetting {
  return {
    contexts: desk,
    only,
    // Where it registered, it has shown itself. Who comes from elsewhere may have been put there by somebody on the way.
    mustShow: (context, address) => {
      const endpoint = desk.credentialOf(context)?.endpoint;
      const home = endpoint && registry.of(endpoint, clock.now())?.peer;
      return home !== oscorePeer(context, address) && !desk.hasShown(context, address);
    },
    write: (context, mark) => desk.write(context, mark),
    heard: (context, address) => desk.heard(context, address),
    refused: (address, { code }) => log.debug({ address, code }, 'a protected request was refused'),
  };
}
