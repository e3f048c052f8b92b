// What a run came to, and whether it may be called good. Pure.

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

/** A campaign by its own account, beside what the devices have become. `fleet` are the devices that it is for. */
export function outcomeOf({ name, pace, version }, { totals, phase }, fleet) {
  const { devices, succeeded, failed, skipped, cancelled } = totals;
  const running = fleet.filter((device) => device.version === version).length;
  const settled = succeeded + sum(failed) + skipped + cancelled;
  return { name, pace, phase, inFleet: fleet.length, planned: devices, succeeded, failed, skipped, cancelled, unaccounted: fleet.length - settled, running };
}

/** Devices that have come to something else than they deserve, by what they are. */
export function surprises(fleet, version) {
  const updated = (device) => device.version === version;
  return fleet.filter((device) => updated(device) !== (device.expected === 'succeeded'));
}

/** Everything that must not be, in words; empty is good. */
export function faultsOf({ outcomes, sighting }) {
  const faults = [];
  for (const { name, phase, unaccounted, planned, inFleet, succeeded, running } of outcomes) {
    if (phase !== 'finished') faults.push(`${name} is ${phase}`);
    if (planned !== inFleet) faults.push(`${name} has ${planned} devices of ${inFleet}`);
    if (unaccounted !== 0) faults.push(`${name}: ${unaccounted} devices are unaccounted for`);
    if (running !== succeeded) faults.push(`${name}: ${succeeded} succeeded, and ${running} devices run the version`);
    if (succeeded === 0) faults.push(`${name}: nobody has succeeded`);
  }
  for (const [kind, count] of Object.entries(sighting.violations)) if (count > 0) faults.push(`${count} violations: ${kind}`);
  // A run in which nothing was on the air proves nothing.
  if (sighting.air.carrierMinutes === 0) faults.push('nothing was on the air');
  return faults;
}

const counted = (counts) => Object.entries(counts).map(([key, count]) => `${key} ${count}`).join(', ') || '0';
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const thousands = (number) => Math.round(number).toLocaleString('en-US');

/** As Markdown. */
export function tableOf({ setting, outcomes, sighting, appointments, late, hours, seconds, megabytes }) {
  const { air, violations } = sighting;
  const perCampaign = outcomes.map((each) => `| ${each.name} (${each.pace}): succeeded, failed, skipped, unaccounted for | ${thousands(each.succeeded)}, ${counted(each.failed)}, ${thousands(each.skipped + each.cancelled)}, ${each.unaccounted} of ${thousands(each.inFleet)} |`);
  const rows = [
    ...perCampaign,
    `| campaign time | ${hours.toFixed(1)} h, ${setting.scale} times as fast |`,
    `| minutes of carriers with blocks on the air | ${thousands(air.carrierMinutes)} |`,
    `| of them above ${percent(setting.airtime)} of the carrier | ${air.carrierMinutesOver} |`,
    `| the fullest, of its budget | ${air.worst ? `${percent(air.worst.ofBudget)}, ${air.worst.carrier} at ${air.worst.at}` : 'none'} |`,
    `| violations | ${counted(Object.fromEntries(Object.entries(violations)))} |`,
    `| appointments made, kept, missed, refused | ${appointments.made}, ${appointments.kept}, ${appointments.missed}, ${appointments.refused} |`,
    `| not updated although they deserve it | ${late} |`,
    `| bytes that have reached the devices | ${thousands(air.bytes)} |`,
    `| busiest minute of a cell | ${air.busiest ? `${thousands(air.busiest.bytes)} bytes, ${air.busiest.cell} at ${air.busiest.at}` : 'none'} |`,
    `| wall time | ${Math.round(seconds)} s |`,
    `| most memory of the server | ${Math.round(megabytes)} MB |`,
  ];
  return ['| what | value |', '| --- | --- |', ...rows].join('\n');
}
