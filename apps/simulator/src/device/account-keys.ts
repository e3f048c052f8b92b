import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { OscoreSecret } from '@drover/coap';
import { isObjectLink, type Value } from '@drover/lwm2m';
import type { DeviceSecret } from '../wire/coap-port.ts';
import { DeviceContext } from '../wire/oscore-link.ts';

/** Security Mode of Object 0 (LwM2M Core appendix E.1). */
const MODE = { PSK: 0, X509: 2, NO_SEC: 3 } as const;
/** Resources of Object 0. */
const [SECURITY_MODE, IDENTITY, SERVER_KEY, SECRET, OSCORE] = [2, 3, 4, 5, 17];
/** Object 21, and its resources. */
const OSCORE_OBJECT = 21;
const [MASTER_SECRET, SENDER_ID, RECIPIENT_ID, MASTER_SALT, ID_CONTEXT] = [0, 1, 2, 5, 6];

/** With `key: undefined` it is spoken with without security. */
export interface ReadSecurity {
  readonly key: DeviceSecret | undefined;
}

/** What was written, by path. */
type Memory = (path: string) => Value | undefined;

/** Who the device is to a server, by what stands in `/0/x`; undefined where that makes nobody. */
export function securityOf(instance: string, scheme: string, read: Memory): ReadSecurity | undefined {
  const at = (resource: number): Value | undefined => read(`${instance}/${resource}`);
  const mode = at(SECURITY_MODE);
  if (scheme === 'coap:') return mode === MODE.NO_SEC ? plainSecurity(at(OSCORE), read) : undefined;
  if (scheme !== 'coaps:') return undefined;
  const [identity, serverKey, secret] = [IDENTITY, SERVER_KEY, SECRET].map((resource) => bytesOf(at(resource)));
  if (identity === undefined || secret === undefined) return undefined;
  if (mode === MODE.PSK) return { key: { identity: Buffer.from(identity).toString('utf8'), key: secret } };
  if (mode !== MODE.X509 || serverKey === undefined) return undefined;
  const privateKey = privateKeyIn(secret);
  return privateKey && { key: { own: { privateKey, chain: [identity] }, serverCertificate: serverKey } };
}

/** Without security, or with the context that is linked: a link that leads nowhere is no leave to go without. */
function plainSecurity(link: Value | undefined, read: Memory): ReadSecurity | undefined {
  if (link === undefined) return { key: undefined };
  if (!isObjectLink(link) || link.object !== OSCORE_OBJECT) return undefined;
  const secret = contextAt(`/${OSCORE_OBJECT}/${link.instance}`, read);
  return secret && { key: new DeviceContext(secret) };
}

function contextAt(instance: string, read: Memory): OscoreSecret | undefined {
  const [masterSecret, senderId, recipientId, masterSalt, idContext] = [
    MASTER_SECRET,
    SENDER_ID,
    RECIPIENT_ID,
    MASTER_SALT,
    ID_CONTEXT,
  ].map((resource) => read(`${instance}/${resource}`));
  if (!(masterSecret instanceof Uint8Array && senderId instanceof Uint8Array && recipientId instanceof Uint8Array)) return undefined;
  return {
    masterSecret,
    senderId,
    recipientId,
    ...(masterSalt instanceof Uint8Array && { masterSalt }),
    ...(idContext instanceof Uint8Array && { idContext }),
  };
}

/** An empty resource is one that the mode has no use for. */
const bytesOf = (value: Value | undefined): Uint8Array | undefined => (value instanceof Uint8Array && value.length > 0 ? value : undefined);

function privateKeyIn(pkcs8: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}
