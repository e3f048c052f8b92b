import { SECOND } from '@drover/kernel';
import type { UpdateEvent } from '../device/update-event.ts';
import type { Behaviour } from './behaviour.ts';
import { compose } from './behaviour.ts';
import { APPLICATION, HOST, part, profile, type PartTraits, type Profile, type SoftwareTraits } from './profile.ts';
import * as trait from './traits.ts';

/** `/3/0/3` is the firmware of such a device, which stays as it is. */
const software = (how: { part?: Partial<PartTraits>; software?: Partial<SoftwareTraits> } = {}): PartTraits =>
  part({ part: { object: 9, component: APPLICATION, versionAt: undefined, ...how.part }, software: how.software });
const pulled = (behaviour: Behaviour): Pick<Profile, 'parts'> => ({ parts: [software({ part: { behaviour } })] });
const failing = (event: UpdateEvent): Pick<Profile, 'parts'> => pulled(trait.failsWith(event));
const advanced = (instance: number, how: Partial<PartTraits> = {}): PartTraits =>
  part({ part: { object: 33629, instance, hasCancel: true, maximumDeferS: 0, ...how } });
const SOURCE = 'device-behaviour: Software Management';

/** Objects 9 and 33629. */
export const SOFTWARE_PROFILES = {
  software: profile('Has an empty instance of Object 9; pulls.', '5.1', { parts: [software()] }),
  'software-push': profile('Has an empty instance of Object 9; a push goes to 3 without Result 1.', SOURCE, {
    parts: [software({ part: { delivery: 'Push' } })],
  }),
  'software-creates': profile('Has no instance of Object 9 until one is created.', '5.3', {
    parts: [software({ software: { begins: 'none', creates: true } })],
  }),
  'software-in-place': profile('Runs an older package: Deactivate, Uninstall with 1, deliver, Install, Activate.', '5.3', {
    parts: [software({ software: { begins: 'installed' } })],
  }),
  'software-quoted-argument': profile("Runs an older package, and answers 4.00 to Uninstall with `1`: it wants `0='1'`.", '5.3', {
    parts: [software({ software: { begins: 'installed', uninstallFor: "0='1'" } })],
  }),
  'software-verifies-slowly': profile('Is DOWNLOADED for half a minute before it is DELIVERED.', '5.2', {
    parts: [software({ software: { verifiesMs: 30 * SECOND } })],
  }),
  'software-starts-active': profile('Is active as soon as it is installed.', '5.2', {
    parts: [software({ software: { activation: 'by-itself' } })],
  }),
  'software-stays-inactive': profile('Answers Activate 2.04 and stays inactive.', '5.2', {
    parts: [software({ software: { activation: 'never' } })],
    outcome: 'UpdateFailed',
  }),
  'software-no-storage': profile('Has Result 50.', '5.3', { ...failing('flash-full'), outcome: 'InsufficientFlash' }),
  'software-out-of-memory': profile('Has Result 51.', '5.3', { ...failing('memory-full'), outcome: 'OutOfMemory' }),
  'software-loses-connection': profile('Has Result 52.', '5.3', { ...failing('connection-lost'), outcome: 'ConnectionLost' }),
  'software-damaged': profile('Has Result 53.', SOURCE, { ...pulled(trait.flipsAByte), outcome: 'Integrity' }),
  'software-unsupported': profile('Has Result 54.', '5.3', { ...pulled(trait.endsIn('unsupported')), outcome: 'UnsupportedPackage' }),
  'software-invalid-uri': profile('Has Result 56 for a good URI.', SOURCE, { ...failing('uri-invalid'), outcome: 'InvalidURI' }),
  'software-fails-otherwise': profile('Has Result 57.', SOURCE, { ...failing('uri-unknown'), outcome: 'UpdateFailed' }),
  'software-fails-to-install': profile('Has Result 58, which survives Uninstall.', SOURCE, {
    ...pulled(compose(trait.failsToInstall, trait.keepsTheFailure)),
    outcome: 'UpdateFailed',
  }),

  'advanced-firmware': profile('Has one instance of Object 33629 and no Object 5.', '6.16', { parts: [advanced(0)] }),
  'advanced-beside-object-5': profile('Shows the same firmware in Objects 33629 and 5.', '6.16', { parts: [advanced(0), part()] }),
  'advanced-linked': profile('Has two linked instances of Object 33629.', '6.16', {
    parts: [advanced(0, { linked: true }), advanced(1, { linked: true, component: HOST, versionAt: '/3/0/19' })],
    outcome: 'Refused',
  }),
  'advanced-conflict': profile('Has Result 12: another instance is in the way.', '6.16', {
    parts: [advanced(0, { behaviour: trait.failsWith('conflicting') })],
    outcome: 'UpdateFailed',
  }),
} satisfies Record<string, Profile>;
