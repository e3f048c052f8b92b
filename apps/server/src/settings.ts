import { instantOf, type Instant } from '@drover/kernel';
import { LOG_LEVELS, number, oneOf, port, REAL_TIME, text, type ClockSetting, type ConfigOf, type Setting } from '@drover/platform';
import { readKeySource, type KeySource } from './keys/key-source.ts';

const instant: Setting<Instant | undefined> = {
  fallback: undefined,
  meaning: 'campaign time at the start, RFC 3339; needs --time-scale',
  read: (value) => instantOf(value),
};

const tcpPort: Setting<number | 'same' | 'off'> = {
  fallback: 'same',
  meaning: 'port for coap+tcp: a number, "same" as coapPort, or "off"; 0 takes a free one',
  read: (value) => (value === 'same' || value === 'off' ? value : port(0, '').read(value)),
};

const coapsPort: Setting<number | 'off'> = {
  fallback: 5684,
  meaning: 'port of the LwM2M server over DTLS (coaps, UDP): a number or "off"; 0 takes a free one',
  read: (value) => (value === 'off' ? value : port(0, '').read(value)),
};

const bootstrapPort = (meaning: string): Setting<number | 'off'> => ({
  fallback: 'off',
  meaning,
  read: (value) => (value === 'off' ? value : port(0, '').read(value)),
});

const coapsTcpPort: Setting<number | 'same' | 'off'> = {
  fallback: 'same',
  meaning: 'port for coaps+tcp (TLS): a number, "same" as coapsPort, or "off"; 0 takes a free one',
  read: (value) => (value === 'same' || value === 'off' ? value : port(0, '').read(value)),
};

const keySource = (meaning: string): Setting<KeySource | undefined> => ({ fallback: undefined, meaning, read: readKeySource });

const fileHost: Setting<string | undefined> = {
  fallback: undefined,
  meaning: 'http:// or https:// folder where images lie by their SHA-256 in hex, for devices that fetch from there',
  read: (value) => {
    const { protocol, search, hash } = new URL(value);
    if ((protocol !== 'http:' && protocol !== 'https:') || search !== '' || hash !== '')
      throw new TypeError('expected a folder such as https://files.example/images');
    return value.replace(/\/+$/, '');
  },
};

const url = (meaning: string): Setting<string | undefined> => ({
  fallback: undefined,
  meaning,
  read: (value) => {
    if (!/^https?:$/.test(new URL(value).protocol)) throw new TypeError('expected http:// or https://');
    return value;
  },
});

/** Everything the server can be told. The README prints this table. */
export const SETTINGS = {
  data: text('./data', 'folder of database, images and keys'),
  httpHost: text('127.0.0.1', 'address of the HTTP API'),
  httpPort: port(8470, 'port of the HTTP API; 0 takes a free one'),
  coapHost: text('0.0.0.0', 'address of the LwM2M server'),
  coapPort: port(5683, 'port of the LwM2M server (coap, UDP); 0 takes a free one'),
  coapTcpPort: tcpPort,
  coapsPort,
  coapsTcpPort,
  noSec: oneOf(
    ['refused', 'allowed'],
    'refused',
    'CoAP without security: whether coapPort and coapTcpPort are opened at all; closed networks and tests only',
  ),
  bootstrapsPort: bootstrapPort('port of the bootstrap server over DTLS (UDP): a number or "off"; 5784 is a good one; 0 takes a free one'),
  bootstrapPort: bootstrapPort('the same without security, with bootstrapNoSec alone; 5783 is a good one'),
  bootstrapNoSec: oneOf(['refused', 'allowed'], 'refused', 'keys of devices handed out without security: closed networks and tests only'),
  oscore: oneOf(
    ['off', 'on'],
    'off',
    'opens coapPort (UDP) for messages protected with OSCORE alone; with noSec allowed it is open for them anyway',
  ),
  publicCoapUri: text('', 'coap://host:port that devices reach this server at, written into pull URIs'),
  publicCoapTcpUri: text('', 'coap+tcp://host:port, the same for pulls over TCP; without it the host of publicCoapUri'),
  publicCoapsUri: text('', 'coaps://host:port, the same for devices that register over DTLS'),
  publicCoapsTcpUri: text('', 'coaps+tcp://host:port, the same for devices that register over TLS'),
  dtlsKey: text('', 'private key on P-256, PEM: with it devices may also come with raw public keys or certificates'),
  dtlsCertificate: text('', 'certificate of that key and what stands between it and a root, PEM'),
  dtlsClientCa: text('', 'who signs the certificates of devices, PEM'),
  dtlsRevocationLists: text('', 'which of them are revoked, PEM'),
  enrolmentKey: text('', 'private key on P-256, PEM, of the authority that signs certificates of devices (EST, at the bootstrap server)'),
  enrolmentCertificate: text('', 'certificate of that authority, PEM; certificates that it signed open management'),
  enrolmentDays: number(365, 'how long a certificate of a device lives, days', { min: 1, max: 3650 }),
  devKeyLog: text(
    '',
    'DEVELOPMENT ONLY: file that gets the secrets of every DTLS and TLS session, so that an analyser can read a recording',
  ),
  keyEncryptionKey: keySource('what device keys are sealed by: file:PATH, env:NAME or module:PATH; without it a file in data/keys'),
  previousKeyEncryptionKey: keySource('what they were sealed by so far: they are sealed anew at the start'),
  fileHost,
  objectModels: text('', 'folder of object definitions (.xml, as the OMA registry publishes them); none without it'),
  networkCalendar: url('http(s):// feed of what networks say of their carriers; docs/networks.md'),
  backgroundTransfer: url('http(s):// subscription for background data of an exposure function (3GPP TS 29.122)'),
  backgroundTransferOperator: text('', 'MCC-MNC that the subscription is with, such as 262-1'),
  backgroundTransferOutside: number(0.1, 'part of a carrier that firmware takes outside of the agreed windows', { min: 0, max: 1 }),
  takeover: oneOf(
    ['accept', 'refuse-while-alive'],
    'accept',
    'a Register from a new address for an endpoint that is alive elsewhere, without credentials',
  ),
  roles: oneOf(['all'], 'all', 'roles of this process; splitting them is not supported yet'),
  timeScale: number(1, 'campaign seconds per wall second; evidence names it', { min: 1, max: 100_000 }),
  timeOrigin: instant,
  wallOrigin: number(0, 'wall time of the origin, ms; lets two processes share one campaign clock', { min: 0, max: 1e15 }),
  logLevel: oneOf(LOG_LEVELS, 'info', 'fatal … trace, silent'),
} as const;

export type ServerConfig = ConfigOf<typeof SETTINGS>;

export function clockSetting(
  { timeScale, timeOrigin, wallOrigin }: Pick<ServerConfig, 'timeScale' | 'timeOrigin' | 'wallOrigin'>,
  wallNow: number,
): ClockSetting {
  if (timeScale === 1 && timeOrigin === undefined) return REAL_TIME;
  const origin = wallOrigin || wallNow;
  return { campaignOrigin: timeOrigin ?? (origin as Instant), wallOrigin: origin, scale: timeScale };
}
