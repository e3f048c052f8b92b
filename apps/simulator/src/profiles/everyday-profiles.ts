import { CODE } from '@drover/coap';
import { profile, type Profile } from './profile.ts';
import * as trait from './traits.ts';

/** Resources 10, 11, 13 and 14 of Object 5. */
export const FULL = { hasCancel: true, maximumDeferS: 0, automaticUpgrade: 'off' } as const;
const AS_1_0 = { versions: ['1.0'] } as const;
const UNLISTED = { listsFormats: false } as const;
const PUSHED = { delivery: 'Push' } as const;

/** The fleet of the demo: most behave, and each of the others fails in one plain way. */
export const EVERYDAY_PROFILES = {
  pull: profile('Pulls, and has all of Object 5.', '4.4', { part: FULL }),
  push: profile('Is pushed to: State 0 to 2, never 1.', 'device-behaviour: Firmware Update', { part: PUSHED, registration: UNLISTED }),
  'sleeper-pull': profile('Sleeps 93 s after the last exchange, wakes with an Update, pulls.', 'device-behaviour: Registration', {
    queueMode: true,
  }),
  'sleeper-push': profile('Sleeps, says `b=UQ` by LwM2M 1.0, is pushed to.', 'device-behaviour: Registration', {
    queueMode: true,
    part: PUSHED,
    registration: { ...UNLISTED, ...AS_1_0, binding: 'UQ' },
  }),
  'sleeper-disabled': profile('Sleeps, refuses another Lifetime, and can be disabled for a while.', 'Core 1.1 E.2', {
    queueMode: true,
    registration: { takesLifetime: false, canBeDisabled: true },
  }),
  'mains-pull': profile('Is on mains power, never sleeps, pulls.', '9.2', { onMains: true, part: FULL }),
  'sleeper-ce1': profile('Sleeps at coverage level 1, pulls.', '9.2', { queueMode: true, ce: 1 }),
  ce1: profile('Pulls at coverage level 1, by LwM2M 1.2.', '9.2', { ce: 1, part: FULL, registration: { versions: ['1.2'] } }),
  lossy: profile('Loses 2 % of the datagrams, each way.', 'Q13', { chaos: { loss: 0.02 } }),
  'power-loss-mid-pull': profile(
    'Loses power in a pull, and goes on with it at the right block before it registers.',
    'device-behaviour: Operations',
    {
      part: { behaviour: trait.losesPowerOnce },
    },
  ),
  'no-observe': profile('Refuses to be observed.', 'Q18', { part: PUSHED, registration: UNLISTED, content: { observe: 'refused' } }),
  'tlv-only': profile('Knows TLV alone, by LwM2M 1.0.', 'device-behaviour: Operations', {
    registration: { ...UNLISTED, ...AS_1_0 },
    content: { formats: 'TLV', single: 'TLV' },
  }),
  'poor-coverage': profile('Is at coverage level 2.', '9.6', { ce: 2, registration: { versions: ['1.2'] }, outcome: 'skipped' }),
  'low-battery': profile('Has 10 % of its battery left.', 'design 5', { battery: 10, outcome: 'skipped' }),
  'integrity-failure': profile('Has a byte wrong in every image: Result 5.', '4.1', {
    part: { behaviour: trait.flipsAByte },
    outcome: 'Integrity',
  }),
  'out-of-memory': profile('Runs out of RAM while it downloads: Result 3.', '4.1', {
    part: { behaviour: trait.failsWith('memory-full') },
    outcome: 'OutOfMemory',
  }),
  'refuses-package': profile('Answers a bad push 2.04 all the same: Result 6.', 'device-behaviour: Firmware Update', {
    part: { ...PUSHED, behaviour: trait.endsIn('unsupported') },
    registration: UNLISTED,
    outcome: 'UnsupportedPackage',
  }),
  'hangs-in-updating': profile('Stays in State 3 for ever, and answers.', 'device-behaviour: Firmware Update', {
    part: { behaviour: trait.hangsInUpdating },
    outcome: 'InstallTimeout',
  }),
  'comes-back-old': profile('Comes back with the old version and Result 1.', 'device-behaviour: Firmware Update', {
    part: { behaviour: trait.comesBackOld },
    outcome: 'VersionMismatch',
  }),
  'silent-after-execute': profile('Is silent for ever after Execute.', '4.4', {
    part: { behaviour: trait.vanishesOnExecute },
    outcome: 'SuspectedBrick',
  }),
} satisfies Record<string, Profile>;

/** How devices register and speak, whatever they are updated with. */
export const SPEECH_PROFILES = {
  'names-no-binding': profile('Leaves `b` out.', 'device-behaviour: Registration', {
    registration: { ...AS_1_0, ...UNLISTED, binding: 'absent' },
  }),
  'says-uq-in-1.1': profile('Sleeps, and says `b=UQ` although it speaks 1.1.', '1.3', { queueMode: true, registration: { binding: 'UQ' } }),
  'quotes-versions': profile('Writes `ver="1.1"`, and has no root link.', 'device-behaviour: Registration', {
    part: FULL,
    registration: { ...UNLISTED, quotesVersions: true },
  }),
  'server-object-at-1': profile('Has its Server object at `/1/1`.', 'device-behaviour: Registration', {
    registration: { serverInstance: 1 },
  }),
  'alternate-path': profile('Has all its objects under `/lwm2m`.', '1.4', { registration: { rootPath: '/lwm2m' } }),
  'registers-in-blocks': profile('Sends its object list by Block1, 32 bytes at a time.', 'device-behaviour: Registration', {
    registration: { blockBytes: 32 },
  }),
  'steps-down-in-version': profile('Comes with 1.3, and after 4.12 at once with 1.2, 1.1, 1.0.', 'device-behaviour: Registration', {
    registration: { versions: ['1.3', '1.2', '1.1', '1.0'] },
  }),
  'wakes-with-register': profile('Sleeps, and wakes with a full Register.', 'device-behaviour: Registration', {
    queueMode: true,
    registration: { wakesWith: 'Register' },
  }),
  'rebinds-when-idle': profile('Sits behind a NAT that gives it another port every other time.', 'Q21', { chaos: { rebind: 0.5 } }),
  'skewed-clock': profile('Has a clock that is up to 5 % off.', 'issue: clock skew', { chaos: { skew: 50 }, queueMode: true }),
  'json-only': profile('Knows SenML JSON and text alone.', 'device-behaviour: Operations', { content: { formats: 'SenML JSON' } }),
  'reads-tlv-notifies-text': profile('Reads single resources as TLV, and notifies them as text.', 'device-behaviour: Operations', {
    content: { single: 'TLV', notifiesAs: 'text' },
  }),
  'answers-composite': profile('Answers Read-Composite.', '2.1', {
    registration: { versions: ['1.2'] },
    content: { composite: 'answered' },
  }),
  'composite-unanswered': profile('Acknowledges Read-Composite, and then says nothing, ever.', 'device-behaviour: Operations', {
    registration: { versions: ['1.2'] },
    content: { composite: 'unanswered' },
  }),
  'ignores-observe': profile('Answers an observation like a read.', 'Q18', { content: { observe: 'ignored' } }),
  'confirms-notifications': profile('Notifies by CON.', 'device-behaviour: Operations', { content: { notifies: 'CON' } }),
  'sends-instead': profile('Reports by Send instead of Notify.', 'Q26', { content: { notifies: 'Send' } }),
  'acks-everything': profile('Answers NON requests by ACK and a ping by an empty ACK.', 'device-behaviour: Operations', {
    wire: { ping: 'ACK', answersNonByAck: true },
  }),
  'remembers-no-answers': profile('Serves every copy of a request anew, and loses 1 %.', 'Q13, Q27', {
    part: PUSHED,
    wire: { forgetsDuplicates: true },
    push: { refusesTwice: true },
    chaos: { loss: 0.01 },
  }),
  'refuses-uris': profile('Answers 4.03 to every Package URI, and gives no Result.', '2.2', {
    part: { behaviour: trait.refusesTheUri(CODE.FORBIDDEN) },
    outcome: 'Refused',
  }),
} satisfies Record<string, Profile>;
