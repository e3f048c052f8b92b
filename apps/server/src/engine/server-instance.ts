import { Lwm2mError, parseObjectList, type Lwm2mVersion } from '@drover/lwm2m';
import type { DeviceRecord, RegistrationRecord } from '@drover/persistence';

const SERVER_OBJECT = 1;
/** Object lists that were looked into: a fleet has a few dozen, and each decision asks. */
const KNOWN = new Map<string, number | undefined>();
const MOST_KNOWN = 1000;

/** The device's account with us, an instance of Object 1. Where it has several, nobody has told us which is ours. */
export function serverInstance({ registration }: Pick<DeviceRecord, 'registration'>): number | undefined {
  if (!registration) return undefined;
  if (KNOWN.has(registration.links)) return KNOWN.get(registration.links);
  if (KNOWN.size >= MOST_KNOWN) KNOWN.clear();
  const instance = instanceIn(registration);
  KNOWN.set(registration.links, instance);
  return instance;
}

function instanceIn({ links, lwm2mVersion }: RegistrationRecord): number | undefined {
  try {
    const { objects } = parseObjectList(Buffer.from(links), lwm2mVersion as Lwm2mVersion);
    const instances = objects.find(({ object }) => object === SERVER_OBJECT)?.instances ?? [];
    return instances.length === 1 ? instances[0] : undefined;
  } catch (error) {
    if (error instanceof Lwm2mError) return undefined;
    throw error;
  }
}
