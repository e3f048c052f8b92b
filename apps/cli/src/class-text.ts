import type { DeviceClassView } from '@drover/contracts';
import { table } from './output.ts';

/** How a device is treated, where each value comes from, and apart from that what it has shown by itself. */
export function classText({ class: name, alsoFit, values, learned }: DeviceClassView): string {
  const others = alsoFit.length === 0 ? '' : ` (${alsoFit.join(', ')} would fit too)`;
  return [
    name === undefined ? 'no device class' : `device class ${name}${others}`,
    table(values.map(({ field, value, from }) => [field, value, from])),
    ...learnedText(learned),
  ].join('\n');
}

function learnedText(learned: DeviceClassView['learned']): string[] {
  if (learned === undefined) return ['learned: not known, the gateway does not answer'];
  if (learned.length === 0) return ['learned: nothing yet'];
  return [`learned, and counts only where no class says otherwise\n${table(learned.map(({ what, value }) => [what, value]))}`];
}
