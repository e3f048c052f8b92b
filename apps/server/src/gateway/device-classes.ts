import type { Endpoint } from '@drover/kernel';
import type { ClassCommand, ClassSetting } from '../link/device-classes.ts';

/** Of a device without a class. */
export const NO_CLASS: ClassSetting = { key: '' };

/** Shared by all devices of a class, so that a changed class is changed for all of them at once. */
interface Holder {
  setting: ClassSetting;
}

/** Which class each device has: one object per class and a reference per device. The engine decides, this only looks up. */
export class DeviceClasses {
  readonly #classes = new Map<string, Holder>();
  readonly #of = new Map<Endpoint, Holder>();

  handle(command: ClassCommand): void {
    if (command.type === 'device-classes') this.#replace(command.classes);
    else for (const endpoint of command.endpoints) this.#assign(endpoint, command.key);
  }

  of(endpoint: Endpoint): ClassSetting {
    return this.#of.get(endpoint)?.setting ?? NO_CLASS;
  }

  /** Devices that have a class. */
  get size(): number {
    return this.#of.size;
  }

  #replace(classes: readonly ClassSetting[]): void {
    const present = new Set(classes.map(({ key }) => key));
    for (const [key, holder] of this.#classes) {
      if (present.has(key)) continue;
      // Devices that still refer to it have no class until the engine has said which.
      holder.setting = NO_CLASS;
      this.#classes.delete(key);
    }
    for (const setting of classes) {
      const known = this.#classes.get(setting.key);
      if (known) known.setting = setting;
      else this.#classes.set(setting.key, { setting });
    }
  }

  #assign(endpoint: Endpoint, key: string | undefined): void {
    const holder = key === undefined ? undefined : this.#classes.get(key);
    if (holder) this.#of.set(endpoint, holder);
    else this.#of.delete(endpoint);
  }
}
