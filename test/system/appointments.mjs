// Appointments with sleepers, counted from the audit log.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

/** A device has come to its appointment if it has its old lifetime back this near to it. */
const NEAR_MS = 15 * 60_000;

export async function appointmentsOf({ http, token }, campaigns) {
  const counts = { made: 0, kept: 0, missed: 0, refused: 0 };
  for (const { name } of campaigns) {
    const answer = await fetch(`${http}/api/v1/campaigns/${name}/evidence`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`the evidence of ${name} was answered ${answer.status}`);
    for await (const line of createInterface({ input: Readable.fromWeb(answer.body) })) if (line.includes('"appointment-')) count(counts, JSON.parse(line).record);
  }
  return counts;
}

/** Of one record of the log. */
function count(counts, { type, time, details }) {
  if (type === 'appointment-made') counts.made += 1;
  if (type !== 'appointment-ended') return;
  if (details.outcome.startsWith('refused')) counts.refused += 1;
  else if (Math.abs(Date.parse(time) - Date.parse(details.at)) <= NEAR_MS) counts.kept += 1;
  else counts.missed += 1;
}
