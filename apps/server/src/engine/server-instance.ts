import { Lwm2mError, ObjectLists, type Lwm2mVersion } from '@drover/lwm2m';
import type { DeviceRecord } from '@drover/persistence';

const SERVER_OBJECT = 1;
const LISTS = new ObjectLists();

/** The device's account with us, an instance of Object 1. Where it has several, nobody has told us which is ours. */
export function serverInstance({ registration }: Pick<DeviceRecord, 'registration'>): number | undefined {
  if (!registration) return undefined;
  try {
    const { objects } = LISTS.parse(Buffer.from(registration.links), registration.lwm2mVersion as Lwm2mVersion);
    const instances = objects.find(({ object }) => object === SERVER_OBJECT)?.instances ?? [];
    return instances.length === 1 ? instances[0] : undefined;
  } catch (error) {
    if (error instanceof Lwm2mError) return undefined;
    throw error;
  }
}
