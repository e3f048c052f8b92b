import type { CampaignClock } from '@drover/platform';
import type { IncomingRequest } from '@drover/coap';
import type { Dice } from '../chance.ts';
import type { DevicePlan } from '../device-plan.ts';
import type { Observer } from '../watch/observer.ts';
import type { Chaos } from '../wire/chaos.ts';
import type { Requester } from '../wire/coap-pull.ts';
import type { Reply } from '../wire/serving.ts';
import type { Flash, Part } from './flash.ts';

/** What a replaceable part needs of the device around it. */
export interface PartParts {
  readonly plan: DevicePlan;
  readonly flash: Flash;
  readonly part: Part;
  readonly dice: Dice;
  readonly clock: CampaignClock;
  readonly chaos: Chaos;
  readonly observer: Observer;
  /** Campaign ms; ends with the power. */
  readonly after: (campaignMs: number, run: () => void) => void;
  readonly openPort: (scheme: 'coap' | 'coaps' | 'coap+tcp', host: string) => Requester;
  /** State or Result are not what they were. */
  readonly changed: () => void;
  readonly blockTaken: () => void;
  readonly losePower: () => void;
  readonly reboot: () => void;
  /** Off, for ever or for so long, campaign ms. */
  readonly vanish: (forMs?: number) => void;
  /** Before an installation, if it is that kind of device. */
  readonly sayGoodBye: () => void;
  /** A sign of life that is not due yet. */
  readonly update: () => void;
}

/** The object instance of a part, while anything goes on in it. */
export interface PartShell {
  readonly part: Part;
  readonly isPulling: boolean;
  /** Answers 5.03 to everything else. */
  readonly isBusy: boolean;
  /** Nothing goes on that is not in the flash. */
  readonly isIdle: boolean;
  /** Power has come back. */
  resume(): void;
  writePackage(request: IncomingRequest): Reply;
  writeUri(uri: string): number;
  execute(resource: number, args: string): Reply;
}
