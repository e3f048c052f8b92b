import { BUILT_IN_OBJECTS } from './built-in-objects.ts';
import { Lwm2mError } from './errors.ts';
import { compareObjectVersions } from './object-model.ts';
import type { ObjectModel, ResourceModel } from './object-model.ts';
import { parsePath } from './paths.ts';
import type { DataType } from './values.ts';

/** What a device says of an object when it registers. */
export interface AnnouncedObject {
  readonly object: number;
  readonly version: string;
}

interface Known {
  readonly model: ObjectModel;
  readonly resources: ReadonlyMap<number, ResourceModel>;
}

/**
 * Object definitions by id and version. A device's announced version picks the definition, else the newest: what a device
 * says of itself may be wrong, and an old definition that lacks a resource is filled up from the newer ones.
 */
export class ObjectModels {
  /** Newest first. */
  readonly #byId: ReadonlyMap<number, readonly Known[]>;
  readonly #announced: ReadonlyMap<number, string>;
  readonly #ofLists = new WeakMap<readonly AnnouncedObject[], ObjectModels>();

  private constructor(byId: ReadonlyMap<number, readonly Known[]>, announced: ReadonlyMap<number, string> = new Map()) {
    this.#byId = byId;
    this.#announced = announced;
  }

  /** Built in, and those given. A given one takes the place of a built-in one of the same id and version; two given ones clash. */
  static with(loaded: readonly ObjectModel[] = []): ObjectModels {
    const given = new Set(loaded.map(keyOf));
    if (given.size < loaded.length) throw new Lwm2mError('MODEL_DUPLICATE', `${twiceIn(loaded)} is defined twice`);
    const byId = new Map<number, Known[]>();
    for (const model of [...loaded, ...BUILT_IN_OBJECTS.filter((built) => !given.has(keyOf(built)))]) {
      const known = { model, resources: new Map(model.resources.map((resource) => [resource.id, resource])) };
      byId.set(model.id, [...(byId.get(model.id) ?? []), known]);
    }
    for (const list of byId.values()) list.sort((a, b) => compareObjectVersions(b.model.version, a.model.version));
    return new ObjectModels(byId);
  }

  /** The same definitions, asked on behalf of one device. Devices that share their list share these. */
  for(announced: readonly AnnouncedObject[]): ObjectModels {
    const known = this.#ofLists.get(announced);
    if (known) return known;
    const made = new ObjectModels(this.#byId, new Map(announced.map(({ object, version }) => [object, version])));
    this.#ofLists.set(announced, made);
    return made;
  }

  object(id: number, version = this.#announced.get(id)): ObjectModel | undefined {
    return (this.#exact(id, version) ?? this.#byId.get(id)?.[0])?.model;
  }

  /** Of a resource or a resource instance; undefined for anything above, and for what nobody has defined. */
  resource(path: string): ResourceModel | undefined {
    const { object, resource } = parsePath(path);
    return object === undefined || resource === undefined ? undefined : this.#find(object, resource);
  }

  /** For the codecs, which ask by number. */
  readonly typeOf = (object: number, resource: number): DataType | undefined => {
    const type = this.#find(object, resource)?.type;
    return type === 'None' ? undefined : type;
  };

  #find(object: number, resource: number): ResourceModel | undefined {
    const all = this.#byId.get(object) ?? [];
    const announced = this.#exact(object, this.#announced.get(object))?.resources.get(resource);
    return announced ?? all.find(({ resources }) => resources.has(resource))?.resources.get(resource);
  }

  #exact(id: number, version: string | undefined): Known | undefined {
    return version === undefined ? undefined : this.#byId.get(id)?.find(({ model }) => model.version === version);
  }
}

const keyOf = ({ id, version }: ObjectModel): string => `${id}/${version}`;

function twiceIn(models: readonly ObjectModel[]): string {
  const keys = models.map(keyOf);
  const twice = models[keys.findIndex((key, index) => keys.indexOf(key) < index)];
  return twice === undefined ? 'an object' : `object ${twice.id} version ${twice.version}`;
}

/** What is known when nothing is loaded and no device has spoken. */
export const BUILT_IN = ObjectModels.with();
