import { CODE } from '@drover/coap';
import { UPDATE_STATE } from '@drover/lwm2m';
import { once } from './behaviour.ts';
import { FULL } from './everyday-profiles.ts';
import { profile, type Profile } from './profile.ts';
import * as trait from './traits.ts';

const PUSHED = { delivery: 'Push' } as const;
const standing = (state: number, result = 0): { state: number; result: number } => ({ state, result });
const { DOWNLOADING, DOWNLOADED, UPDATING } = UPDATE_STATE;

/** The way of an image into a device. */
export const TRANSFER_PROFILES = {
  // Push.
  'busy-while-pushed': profile(
    'Answers 5.03 to all else during a push, to block 0 again and to a block it has.',
    'device-behaviour: Operations',
    {
      part: PUSHED,
      push: { isBusyMeanwhile: true },
      chaos: { loss: 0.005 },
    },
  ),
  'takes-gaps': profile('Takes blocks out of order with 2.31.', 'device-behaviour: Operations', {
    part: PUSHED,
    push: { takesGaps: true },
  }),
  'hints-smaller-blocks': profile('Answers the first block 4.13 with SZX 128.', 'Q30', {
    part: PUSHED,
    push: { maxBlock: { bytes: 128, says: '4.13' } },
  }),
  'answers-smaller-blocks': profile('Takes the first block, and answers it 2.31 with SZX 128.', 'Q8', {
    part: PUSHED,
    push: { maxBlock: { bytes: 128, says: '2.31' } },
  }),
  'slot-too-small': profile('Answers 4.13 with neither Size1 nor another SZX: the image does not fit.', 'Q7', {
    part: { ...PUSHED, behaviour: trait.hasASmallSlot },
    outcome: 'InsufficientFlash',
  }),
  'erases-flash-first': profile('Answers block 0 after eight seconds of erasing.', 'Q10', {
    part: { ...PUSHED, behaviour: trait.erasesFlashFirst },
  }),
  'shows-downloading': profile('Shows State 1 during a push.', '4.2 row 2', { part: PUSHED, push: { showsDownloading: true } }),
  'push-starts-over': profile('Loses power in a push, and takes the next one from block 0.', 'device-behaviour: Operations', {
    part: { ...PUSHED, behaviour: trait.losesPowerOnce },
  }),
  'push-damaged': profile('Answers a push 2.04 and has Result 5.', 'device-behaviour: Firmware Update', {
    part: { ...PUSHED, behaviour: trait.flipsAByte },
    outcome: 'Integrity',
  }),
  'push-out-of-memory': profile('Answers a push 2.04 and has Result 3.', 'device-behaviour: Firmware Update', {
    part: { ...PUSHED, behaviour: trait.endsIn('memory-full') },
    outcome: 'OutOfMemory',
  }),
  'pushed-by-object-19': profile('Takes the image at `/19/0/0` alone; State and Result are those of Object 5.', 'Q28', {
    part: PUSHED,
    push: { at: 'object-19' },
  }),

  // Pull.
  'prefers-its-own-blocks': profile('Opens a pull with Block2 0/256, and takes no larger block.', 'Q29', { pull: { blockBytes: 256 } }),
  'resumes-after-registering': profile('Loses power in a pull, registers, then goes on with it.', '4.5', {
    part: { behaviour: trait.losesPowerOnce },
    pull: { resumes: 'after-registering' },
  }),
  'pull-starts-over': profile('Loses power in a pull, and is idle afterwards.', '4.5', {
    part: { behaviour: trait.losesPowerOnce },
    pull: { resumes: 'no' },
  }),
  'pull-stalls': profile('Asks for no further block the first time; a reset frees it.', 'Q14', { part: { behaviour: once(trait.stalls) } }),
  'pull-never-starts': profile('Is in State 1 after a URI and never asks for a block.', 'Q14', {
    part: { behaviour: trait.neverStarts },
    outcome: 'ConnectionLost',
  }),
  'pulls-by-tcp': profile('Pulls by coap+tcp; UDP alone is not enough for it.', '4.1 resource 8', { part: { protocols: [4] } }),
  'pulls-by-http': profile('Pulls by HTTP, with a Range after a loss.', '4.1 resource 8', { part: { protocols: [2] } }),
  'lists-what-it-cannot': profile('Lists coap+tcp and coap, answers 2.04 to the first and has Result 9.', 'Q24', {
    part: { protocols: [0, 4], behaviour: trait.cannotDo('coap+tcp', CODE.CHANGED) },
  }),
  'protocol-refused': profile('Lists coap, answers its URI 4.00 and has Result 9.', 'Q24', {
    part: { behaviour: trait.cannotDo('coap', CODE.BAD_REQUEST) },
    outcome: 'UnsupportedProtocol',
  }),
  'protocol-unsupported': profile('Lists coap, answers its URI 2.04 and has Result 9.', 'Q24', {
    part: { behaviour: trait.cannotDo('coap', CODE.CHANGED) },
    outcome: 'UnsupportedProtocol',
  }),
  'calls-uris-invalid': profile('Has Result 7 for a good URI, before it has left Idle.', 'Q11', {
    part: { behaviour: trait.refusesTheUri(CODE.CHANGED, 'uri-invalid') },
    outcome: 'InvalidURI',
  }),
  'push-or-pull': profile('Can do both.', '4.1 resource 9', { part: { delivery: 'Both' } }),

  // Either.
  'flash-full': profile('Runs out of flash: Result 2.', '4.1', {
    part: { behaviour: trait.failsWith('flash-full') },
    outcome: 'InsufficientFlash',
  }),
  'loses-connection': profile('Gives every download up: Result 4.', '4.1', {
    part: { behaviour: trait.failsWith('connection-lost') },
    outcome: 'ConnectionLost',
  }),
  'loses-connection-once': profile('Gives the first download up: Result 4.', '4.6', {
    part: { behaviour: once(trait.failsWith('connection-lost')) },
  }),
  'damages-once': profile('Has a byte wrong in the first image: Result 5.', '4.6', { part: { behaviour: once(trait.flipsAByte) } }),
  'drains-and-recovers': profile('Falls to 8 % of its battery in a transfer, and has it loaded six hours later.', 'design 6', {
    part: { behaviour: once(trait.drains(8)) },
  }),
  'dies-at-the-last-block': profile('Takes the last block and is never heard of again.', 'device-behaviour: Firmware Update', {
    part: { behaviour: trait.diesAtTheLastBlock },
    outcome: 'Unreachable',
  }),
  'never-says-downloaded': profile('Has the whole image and stays in State 1.', 'Q20', {
    part: { behaviour: trait.neverSaysDownloaded },
    outcome: 'ConnectionLost',
  }),

  // State at the start.
  'stale-result': profile('Starts in State 0 with the Result 8 of an earlier attempt.', '4.4 step 2', { part: { start: standing(0, 8) } }),
  'stale-downloading': profile('Starts in State 1 of nobody knows what; an empty URI resets it.', 'device-behaviour: Firmware Update', {
    part: { start: standing(DOWNLOADING) },
  }),
  'stale-downloaded': profile('Starts in State 2 with an image that is not ours.', '4.2 row 12', { part: { start: standing(DOWNLOADED) } }),
  'ignores-an-empty-uri': profile('Starts in State 1, and answers 2.04 to an empty URI without a reset; a NUL byte works.', 'Q4', {
    part: { ...FULL, start: standing(DOWNLOADING), behaviour: trait.ignoresAnEmptyUri },
  }),
  'resets-by-cancel-alone': profile('Starts in State 2, and only Cancel gets it out.', '4.2 row 11', {
    part: { ...FULL, start: standing(DOWNLOADED), behaviour: trait.resetsByCancelAlone },
  }),
  'takes-nul-for-data': profile('Takes a NUL byte in Idle for an image: Result 6.', 'Q5', {
    part: { start: standing(0, 5), behaviour: trait.takesNulForData },
  }),
  'refuses-cancel': profile('Answers Cancel 4.05 in every State; an empty URI works.', '4.2 row 11', {
    part: { ...FULL, start: standing(DOWNLOADED), behaviour: trait.refusesCancel },
  }),
  'refuses-every-reset': profile('Starts in State 1 and stays there, whatever resets it.', 'device-behaviour: Firmware Update', {
    part: { ...FULL, start: standing(DOWNLOADING), behaviour: trait.refusesEveryReset },
    outcome: 'Refused',
  }),
  'stuck-in-updating': profile('Starts in State 3, and refuses reset and Cancel.', 'device-behaviour: Firmware Update', {
    part: { ...FULL, start: standing(UPDATING) },
    outcome: 'InstallTimeout',
  }),
} satisfies Record<string, Profile>;
