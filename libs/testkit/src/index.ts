export { aCampaign } from './campaigns.ts';
export { aDevice } from './devices.ts';
