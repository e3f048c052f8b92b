import { CONTENT_FORMAT } from './content.ts';
import { offer } from './firmware-offer.ts';
import { enter, read, refuse } from './firmware-turn.ts';
import type { Turn } from './firmware-turn.ts';
import type { Operation } from './firmware-types.ts';

const { TEXT } = CONTENT_FORMAT;

/** Writes what the campaign says of the installation, as far as the device has the resources and they differ. */
export function prepare(turn: Turn): void {
  const todo = [...automaticUpgrade(turn), ...wishes(turn)];
  if (todo.length === 0) return offer(turn);
  enter(turn, 'preparing', todo);
}

function automaticUpgrade({ c: { order, known, paths } }: Turn): Operation[] {
  const { automaticUpgrade: wanted } = order.activation;
  const path = paths.automaticUpgrade;
  if (wanted === 'Leave' || path === undefined || known.automaticUpgrade === undefined || known.automaticUpgrade === (wanted === 'On'))
    return [];
  return [{ type: 'write', path, format: TEXT, value: wanted === 'On' }, read(path)];
}

/** Severity and defer period are wishes: a device that refuses them is updated all the same. */
function wishes({ c: { order, known, paths } }: Turn): Operation[] {
  const { severity, maximumDeferS } = order.activation;
  const write = (path: string | undefined, present: number | undefined, wanted: number | undefined): Operation[] =>
    path === undefined || present === undefined || wanted === undefined || present === wanted
      ? []
      : [{ type: 'write', path, format: TEXT, value: wanted }];
  return [...write(paths.severity, known.severity, severity), ...write(paths.maximumDefer, known.maximumDefer, maximumDeferS)];
}

/** A device that installs by itself would do so outside the install window. */
export function prepared(turn: Turn): void {
  const { order, known, paths } = turn.c;
  const mustBeOff = order.activation.automaticUpgrade === 'Off' && paths.automaticUpgrade !== undefined;
  if (!mustBeOff || known.automaticUpgrade !== true) return offer(turn);
  refuse(turn, {
    class: 'Refused',
    why: `the device keeps installing by itself: ${paths.automaticUpgrade} could not be switched off`,
  });
}
