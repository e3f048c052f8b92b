import { textOfBytes } from '../coerce.ts';
import { Lwm2mError } from '../errors.ts';
import { parseLinks } from '../link-format.ts';

/** What a device holds already, as far as it has told (Bootstrap-Discover, Core section 6.1.7.3). */
export interface Holdings {
  /** Instances of Object 0 that are left alone: the account of the bootstrap server itself. */
  readonly bootstrapAccounts: readonly number[];
  /** Objects with instances, beside these. */
  readonly objects: readonly number[];
}

/** Undefined where it is no link list, or names no bootstrap account: then nobody knows which one must stay. */
export function holdingsOf(payload: Uint8Array): Holdings | undefined {
  try {
    const found = parseLinks(textOfBytes(payload)).flatMap(({ path, attributes }) => {
      const ids = /^\/?(\d{1,5})\/(\d{1,5})$/.exec(path);
      return ids === null ? [] : [{ object: Number(ids[1]), instance: Number(ids[2]), isOfServer: attributes.has('ssid') }];
    });
    const isBootstrap = ({ object, isOfServer }: (typeof found)[number]): boolean => object === 0 && !isOfServer;
    const bootstrapAccounts = found.filter(isBootstrap).map(({ instance }) => instance);
    const objects = [...new Set(found.filter((each) => !isBootstrap(each)).map(({ object }) => object))];
    return bootstrapAccounts.length === 0 ? undefined : { bootstrapAccounts, objects };
  } catch (error) {
    if (error instanceof Lwm2mError) return undefined;
    throw error;
  }
}
