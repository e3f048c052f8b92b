import type { Engine } from '../engine/engine.ts';
import type { KeyShelf } from './key-shelf.ts';

/** Before a decision that seals so many: another data key takes a turn of the key service. */
export async function makeRoomFor(secrets: number, engine: Engine, shelf: KeyShelf): Promise<void> {
  if (shelf.ring.hasRoomFor(secrets)) return;
  const { key, use } = await shelf.make('secrets');
  await engine.change((unit) => {
    unit.putDataKey(key);
    use();
  });
}
