import { DroverError } from '@drover/kernel';
import type { CredentialDto } from '@drover/contracts';

/** An OSCORE context as options and columns give it: hex, from the device's side, as in Object 21. */
export const OSCORE_FIELDS = ['senderId', 'recipientId', 'masterSalt', 'idContext', 'aead', 'hkdf'] as const;
export type OscoreFields = Partial<Record<(typeof OSCORE_FIELDS)[number], string>>;

/** Throws what is missing or misplaced. An ID may be empty, so an absent one is told from that. */
export function oscoreOf(kind: CredentialDto['kind'], fields: OscoreFields, refused = usage): Pick<CredentialDto, 'oscore'> {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as OscoreFields;
  if (kind !== 'oscore') {
    if (Object.keys(given).length > 0) throw refused(`${Object.keys(given)[0]} is of an OSCORE context: --kind oscore`);
    return {};
  }
  const { senderId, recipientId, ...rest } = given;
  if (senderId === undefined || recipientId === undefined)
    throw refused('an OSCORE context needs the Sender ID and the Recipient ID of the device, as in its Object 21');
  for (const name of ['senderId', 'recipientId', 'masterSalt', 'idContext'] as const)
    if (given[name] !== undefined && !/^([0-9a-f]{2})*$/i.test(given[name])) throw refused(`${name} is not hex`);
  return { oscore: { ...rest, senderId, recipientId } };
}

const usage = (why: string): DroverError => new DroverError('USAGE', 'input', why);
