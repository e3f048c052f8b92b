import { DEFAULT_SETTINGS, type DtlsSettings } from './settings.ts';

export interface ClientSettings extends DtlsSettings {
  /** Bytes of the Connection ID that we want in records to us; 0: none, but we write the server's; `undefined`: no Connection IDs. */
  readonly cidBytes?: number;
  /** Host name of the server, for SNI and for `verifyPeer`. */
  readonly serverName?: string;
  /** Ask for a ticket. */
  readonly wantsTicket: boolean;
  /** For CBC, which is agreed in no other way. */
  readonly offersEncryptThenMac: boolean;
  readonly offersExtendedMasterSecret: boolean;
  /** Bytes, from 512, 1024, 2048 and 4096 (RFC 6066 section 4). */
  readonly maxFragmentLength?: number;
  /** What we take from the server, the first the best. */
  readonly serverCertificateTypes: readonly ('x509' | 'rpk')[];
}

export const DEFAULT_CLIENT_SETTINGS: ClientSettings = {
  ...DEFAULT_SETTINGS,
  cidBytes: 0,
  wantsTicket: false,
  offersEncryptThenMac: true,
  offersExtendedMasterSecret: true,
  serverCertificateTypes: ['x509', 'rpk'],
};
