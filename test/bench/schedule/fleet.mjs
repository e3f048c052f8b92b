// A fleet as its database holds it after a day: registered, read, learnt; on 20,000 cells, in two bearers and three coverage levels.
import Database from 'better-sqlite3';
import { DEFAULT_NAMESPACE } from '@drover/kernel';
import { inserts, openDatabase, upsertsFor } from '@drover/persistence';

const LINKS = '</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3/0>,</4/0>,</5/0>,</7/0>,</10/0>';
const BATCH = 5000;
const CELLS = 20_000;
const [HOUR, DAY] = [3_600_000, 86_400_000];
const PERIODS = [6, 12, 24];

export const endpointOf = (i) => `urn:imei:${String(i).padStart(15, '0')}`;

/** The same for the same number, whoever asks. */
const chanceOf = (i, salt) => {
  let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return ((x ^ (x >>> 12)) >>> 0) / 4_294_967_296;
};

export function radioOf(i) {
  const chance = chanceOf(i, 1);
  return { ce: chance < 0.767 ? 0 : chance < 0.949 ? 1 : 2, cell: Math.floor(chanceOf(i, 2) ** 2 * CELLS), bearer: chanceOf(i, 3) < 0.8 ? 'NB-IoT' : 'LTE-M' };
}

export function deviceOf(i, now) {
  const { ce, cell, bearer } = radioOf(i);
  const periodMs = PERIODS[Math.floor(chanceOf(i, 4) * PERIODS.length)] * HOUR;
  const lastAt = now - Math.floor(chanceOf(i, 5) * periodMs);
  const fact = (value) => ({ value, at: lastAt });
  const rsrp = [-98, -118, -127][ce] - Math.floor(chanceOf(i, 6) * 6);
  return {
    namespace: DEFAULT_NAMESPACE,
    endpoint: endpointOf(i),
    labels: { site: `site-${i % 500}` },
    facts: {
      manufacturer: fact('ACME'),
      model: fact('WM-300'),
      serial: fact(`S${i}`),
      firmwareVersion: fact('1.0.0'),
      'battery.level': fact(30 + Math.floor(chanceOf(i, 7) * 70)),
      'battery.status': fact('Normal'),
      'power.mains': fact(false),
      'radio.bearer': fact(bearer),
      'radio.rsrp': fact(rsrp),
      'radio.ce': fact(ce),
      'radio.cell': fact(cell),
      'radio.mnc': fact(1),
      'radio.mcc': fact(262),
      'update.state': fact(0),
      'update.result': fact(0),
      'update.delivery': fact('Pull'),
      lwm2mVersion: fact('1.1'),
      queueMode: fact(true),
      timeZone: fact('Europe/Berlin'),
    },
    firstSeenAt: now - 30 * DAY,
    lastContactAt: lastAt,
    registration: {
      location: Buffer.from(String(i).padStart(6, '0')).toString('base64url'),
      lifetimeS: 2 * 86_400,
      lwm2mVersion: '1.1',
      binding: 'U',
      queueMode: true,
      address: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}:5683`,
      links: LINKS,
      registeredAt: now - 20 * DAY,
      refreshedAt: lastAt,
    },
    pattern: { lastAt, periodMs },
    coverage: { meanDb: 29 - rsrp, varianceDb: 16 },
    findings: [],
  };
}

export async function fillFleet(file, { devices: count, now, progress }) {
  await (await openDatabase(file)).destroy();
  const database = new Database(file);
  database.pragma('synchronous = OFF');
  for (let from = 0; from < count; from += BATCH) {
    const devices = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => deviceOf(from + i, now));
    for (const { sql, parameters } of upsertsFor([{ devices }]).flatMap(({ into, rows }) => inserts(into, rows))) database.prepare(sql).run(...parameters);
    if (from % 50_000 === 0) progress(`writing the fleet: ${from} of ${count} devices`);
  }
  database.close();
}
