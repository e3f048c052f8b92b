export { aCampaign } from './campaigns.ts';
export { aDevice } from './devices.ts';
export { LockstepDevice, type Asked } from './lockstep-device.ts';
export { aRelease, type Release } from './releases.ts';
