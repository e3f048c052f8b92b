export { planFleet, type DevicePlan } from './device-plan.ts';
export { Fleet, type DeviceReport, type FleetSetting, type Report } from './fleet.ts';
export { COMPONENT, makeImage, MODEL } from './image.ts';
export { NO_LIMITS, type DailyWindow, type Limits } from './limits.ts';
export { DEFAULT_MIX, scaleMix, type Mix } from './mix.ts';
export { Observer, type BlockSeen, type Sample, type Violation, type Watched } from './observer.ts';
export { expectedOutcome, PROFILES, type Fault, type Outcome, type Profile, type ProfileName } from './profiles.ts';
