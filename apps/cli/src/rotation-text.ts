import type { RotationDeviceView, RotationView, StageView } from '@drover/contracts';
import { approvalLine } from './approval-text.ts';
import { counts, table } from './output.ts';

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);
const over = (stages: readonly StageView[], of: (stage: StageView) => number): number => sum(stages.map(of));

/** In one line. */
export function rotationSum({ stages, devices }: RotationView): string {
  const failed = over(stages, (stage) => sum(Object.values(stage.failed)));
  return `${over(stages, ({ succeeded }) => succeeded)} of ${devices} have another key, ${failed} failed, ${over(stages, ({ inFlight }) => inFlight)} in flight`;
}

export function rotationsText(views: readonly RotationView[]): string {
  if (views.length === 0) return 'no rotations';
  return table(
    views.map((view) => [view.name, view.phase, view.createdAt, rotationSum(view)]),
    ['ROTATION', 'PHASE', 'SINCE', 'DEVICES'],
  );
}

/** One with its stages. */
export function rotationText(view: RotationView): string {
  const { name, phase, hold, maxInFlight, stages } = view;
  const head = [`${name}: ${phase}`, `${rotationSum(view)}, at most ${maxInFlight}`];
  if (hold) head.push(`HOLD by ${hold.by}: ${hold.reason}`);
  head.push(...approvalLine(view));
  const rows = stages.map((stage) => [
    stage.name,
    stage.why ? `${stage.state} (${stage.why})` : stage.state,
    stage.size,
    stage.succeeded,
    counts(stage.failed) || 0,
    stage.skipped,
    stage.inFlight,
    counts(stage.waiting) || 0,
  ]);
  return `${head.join('\n')}\n${table(rows, ['STAGE', 'STATE', 'SIZE', 'DONE', 'FAILED', 'LEFT OUT', 'IN FLIGHT', 'WAITING'])}`;
}

export function rotationDevicesText(views: readonly RotationDeviceView[]): string {
  if (views.length === 0) return 'no devices';
  const rows = views.map(({ endpoint, stage, state, since, asked, failure, detail, waits }) => [
    endpoint,
    stage,
    state,
    since,
    asked,
    waits?.until,
    waits?.code ?? [failure, detail].filter((each) => each !== undefined).join(': '),
  ]);
  return table(rows, ['ENDPOINT', 'STAGE', 'STATE', 'SINCE', 'ASKED', 'UNTIL', 'WHY']);
}

/** Why one device is where it is. */
export function rotationWhyText({
  rotation,
  endpoint,
  stage,
  state,
  since,
  asked,
  givenAt,
  failure,
  detail,
  waits,
}: RotationDeviceView): string {
  const lines = [`${endpoint} in rotation ${rotation}, stage ${stage}: ${state} since ${since}, asked ${asked} times`];
  if (givenAt !== undefined) lines.push(`it was given another key ${givenAt}`);
  if (waits) lines.push(`${waits.code}: ${waits.text}${waits.until === undefined ? '' : `, until ${waits.until}`}`);
  if (failure !== undefined || detail !== undefined) lines.push([failure, detail].filter((each) => each !== undefined).join(': '));
  return lines.join('\n');
}
