export { aCampaign, updateRules } from './campaigns.ts';
export { aDevice } from './devices.ts';
export { EndpointBench, PEER, READ, SeededEntropy } from './endpoint-bench.ts';
export { LockstepDevice, type Asked } from './lockstep-device.ts';
export { aDeviceRecord, aRegistration, aTimelineEntry, aToken } from './records.ts';
export { aRelease, type Release } from './releases.ts';
export { scratchFolder } from './scratch-folder.ts';
export { anOutlookRow, aSnapshot, aStageOutlook, type SnapshotParts } from './outlooks.ts';
