// What is played: the fleet, its limits, and the two campaigns on one budget. The observer is told the limits here, in its own words;
// the campaigns say the same in theirs.

const HOUR = 3_600_000;
/** When the download window opens in the first of the three time zones. */
export const OPENS = Date.parse('2026-12-01T18:00:00Z');
const DEADLINE = '2026-12-02T01:00:00Z';

/** Devices that are switched on in a wall second: each is read while it is awake, which compressed is a second. */
const SWITCHED_ON_PER_S = 400;
/** What the rest of a start takes, wall s. */
const START_S = 15;
export const switchOnS = (devices) => Math.max(2, devices / SWITCHED_ON_PER_S);

/** All devices are known before the window opens, or at another time. */
export const originOf = ({ devices, scale, at = OPENS }) => at - Math.ceil((switchOnS(devices) + START_S) * scale) * 1000;

/** Four in ten sleep, one in four is on mains, one in seven is in poorer coverage, and one in a hundred fails by itself. */
export const MIX = {
  'mains-pull': 250,
  pull: 140,
  push: 110,
  'sleeper-pull': 250,
  'sleeper-push': 90,
  'sleeper-ce1': 60,
  ce1: 60,
  'poor-coverage': 20,
  'low-battery': 10,
  lossy: 5,
  'integrity-failure': 3,
  'comes-back-old': 2,
};

export const WAKE_HOURS = '1-6';

/** As the observer knows them. `share` is for a look at the observer itself: told less than the campaigns, it must see what is above. */
export const limitsOf = ({ airtime, told }, digests) => ({
  downloadWindow: { startMinute: 20 * 60, durationMs: 5 * HOUR },
  installWindow: { startMinute: 20 * 60 + 30, durationMs: 9 * HOUR },
  minBatteryLevel: 0.35,
  maxCoverage: 1,
  airtime: airtime * told,
  digests,
});

/** Seven in ten devices are of revision B, and are in a hurry; the others have time. */
export const CAMPAIGNS = [
  { name: 'revision-b-fast', revision: 'B', pace: 'Fast', version: '2.5.0', sequence: 250 },
  { name: 'revision-a-eco', revision: 'A', pace: 'Eco', version: '2.4.1', sequence: 241 },
];

export const yamlOf = ({ name, revision, pace, version }, { airtime, canary }) => `apiVersion: drover/v1
kind: Campaign
metadata: {name: ${name}}
spec:
  firmware: {name: wm-modem, version: ${version}}
  targets: {where: model == "WM-300" && hardware.revision == "${revision}"}
  delivery:
    blockSize: {preferred: 512}
    inactivityTimeout: 45m
  schedule:
    pace: ${pace}
    deadline: {at: ${DEADLINE}, behavior: CancelQueued}
    windows:
      download: [{start: "20:00", duration: 5h}]
      install: [{start: "20:30", duration: 9h}]
  power: {minBatteryLevel: "35%", mainsPowered: Checked}
  radio: {maxCoverageEnhancementLevel: 1, onViolation: Defer}
  bandwidth:
    perCell: {airtime: "${100 * airtime}%"}
  stages:
    - name: canary
      take: {count: ${canary}, where: queueMode == false && device.utcOffset == "+02:00"}
      soak: 10m
      gate:
        success: {min: "70%", minSample: ${Math.ceil(canary / 2)}}
        failure: [{max: "25%", minSample: 8, classes: [Any], action: Hold}]
    - name: most
      take: 60%
      gate:
        success: {min: "80%", minSample: ${canary}}
        failure: [{max: "10%", minSample: 40, classes: [Any], action: Hold}]
    - name: rest
      take: 100%
  retry:
    maxAttempts: 3
    backoff: {initial: 10m, factor: 2, max: 1h}
    classes:
      Integrity: {attempts: 1, redownload: true}
  deadlines:
    install: {contacts: 1, atLeast: 1h}
    confirm: {contacts: 1, atLeast: 1h}
`;
