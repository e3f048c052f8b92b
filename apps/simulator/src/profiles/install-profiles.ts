import { MINUTE } from '@drover/kernel';
import { UPDATE_STATE } from '@drover/lwm2m';
import { compose, once } from './behaviour.ts';
import { FULL } from './everyday-profiles.ts';
import { HOST, part, profile, type Profile } from './profile.ts';
import * as trait from './traits.ts';

/** What becomes of an image that is in a device. */
export const INSTALL_PROFILES = {
  'keeps-state-in-ram': profile('Runs the new version after its reboot, and has State 0 and Result 0.', 'Q1', {
    part: { behaviour: compose(trait.forgetsTheResult, trait.keepsStateInRam) },
    pull: { resumes: 'no' },
  }),
  'does-not-register': profile('Runs the new version with no new Register.', 'device-behaviour: Registration', {
    part: { behaviour: trait.doesNotRegister },
  }),
  'reboots-before-answering': profile('Reboots on Execute before it has answered.', 'Q25', {
    part: { behaviour: trait.rebootsBeforeAnswering },
  }),
  'answers-after-flashing': profile('Answers Execute when it has flashed.', 'Q25', { part: { behaviour: trait.answersAfterFlashing } }),
  'installs-slowly': profile('Installs for twenty minutes.', '4.4', { part: { behaviour: trait.installsFor(trait.TWENTY_MINUTES) } }),
  'deregisters-to-install': profile('Deregisters before it installs.', '4.5', { registration: { deregisters: true } }),
  'state-before-result': profile('Is Idle for a while before it sets the Result.', 'Q2', { part: { order: 'state-first' } }),
  'result-before-state': profile('Has the Result for a while before it leaves its State.', 'Q2, Q11', { part: { order: 'result-first' } }),
  'fails-to-install': profile('Fails to install: State 2, Result 8.', '4.2 row 9', {
    part: { behaviour: trait.failsToInstall },
    outcome: 'UpdateFailed',
  }),
  'fails-to-install-and-is-idle': profile('Fails to install: State 0, Result 8.', 'Q3', {
    part: { behaviour: trait.failsToInstallAndIsIdle },
    outcome: 'UpdateFailed',
  }),
  'fails-to-install-once': profile('Fails to install the first time: State 2, Result 8.', '4.6', {
    part: { behaviour: once(trait.failsToInstall) },
  }),
  'comes-back-old-and-forgets': profile('Comes back with the old version and Result 0.', '4.4', {
    part: { behaviour: trait.comesBackOldAndForgets },
    outcome: 'RolledBack',
  }),
  'comes-back-old-once': profile('Comes back with the old version and Result 0, the first time.', '4.4', {
    part: { behaviour: once(trait.comesBackOldAndForgets) },
  }),
  'refuses-execute': profile('Answers Execute 4.05 although it is in State 2.', '4.2 row 13', {
    part: { behaviour: trait.refusesExecute },
    outcome: 'Deferred',
  }),
  'says-yes-and-does-nothing': profile('Answers Execute 2.04 and stays in State 2.', 'device-behaviour: Firmware Update', {
    part: { behaviour: trait.saysYesAndDoesNothing },
    outcome: 'InstallTimeout',
  }),
  stub: profile(
    'Is a stub: starts in State 1, answers 2.04 to everything, is in State 2 after Execute, never notifies.',
    'device-behaviour: Firmware Update',
    {
      part: { delivery: 'Both', start: { state: UPDATE_STATE.DOWNLOADING, result: 0 }, behaviour: trait.isAStub },
      content: { observe: 'ignored' },
      outcome: 'Refused',
    },
  ),
  'idle-stub': profile(
    'Is a stub that begins in State 0: takes everything with 2.04 and never leaves it.',
    'device-behaviour: Firmware Update',
    {
      part: { behaviour: trait.isAStub },
      content: { observe: 'ignored' },
      outcome: 'ConnectionLost',
    },
  ),
  'late-success': profile('Is silent for eighteen hours after Execute, then runs the new version.', 'design 5', {
    part: { behaviour: trait.isSilentFor(trait.HOURS_OF_SILENCE) },
  }),
  'very-late-success': profile('Is silent for nine days after Execute, then runs the new version: a finding.', 'design 5', {
    part: { behaviour: trait.isSilentFor(trait.DAYS_OF_SILENCE) },
    outcome: 'SuspectedBrick',
  }),
  'falls-back-soon': profile('Runs the new version, registers, and is back at the old one ten minutes later, every time.', 'design 5', {
    part: { behaviour: trait.fallsBackAfter(10 * MINUTE) },
    outcome: 'RolledBack',
  }),
  'falls-back-days-later': profile('Runs the new version, and the old one again nine days later: a finding.', 'design 5', {
    part: { behaviour: trait.fallsBackAfter(trait.DAYS_OF_SILENCE) },
  }),
  'defers-while-it-may': profile('Defers each Execute as long as `/5/0/13` allows it, an hour by itself.', '4.2 row 7', {
    part: { ...FULL, maximumDeferS: 3600, behaviour: trait.defersAsLongAsItMay },
  }),
  'defers-once': profile('Defers the first Execute, whatever it may: Result 11.', '4.2 row 7', { part: { behaviour: once(trait.defers) } }),
  'defers-for-ever': profile('Defers every Execute: Result 11.', '4.2 row 7', { part: { behaviour: trait.defers }, outcome: 'Deferred' }),
  'upgrades-by-itself': profile('Installs as soon as it has the image, until `/5/0/14` is switched off.', '4.2 row 14', {
    part: { ...FULL, automaticUpgrade: 'on' },
  }),
  'insists-on-upgrading': profile('Installs as soon as it has the image; `/5/0/14` answers 2.04 and stays true.', '4.2 row 14', {
    part: { ...FULL, automaticUpgrade: 'always-on' },
    outcome: 'Refused',
  }),
  'modem-and-host': profile(
    'Has two instances of Object 5: the modem, and the host with its version in `/3/0/19`.',
    'issue: several instances',
    {
      parts: [part(), part({ part: { instance: 1, component: HOST, versionAt: '/3/0/19' } })],
    },
  ),
} satisfies Record<string, Profile>;
