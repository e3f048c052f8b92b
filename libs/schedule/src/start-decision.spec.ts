import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '@drover/kernel';
import { bookWakeUp, Carriers, decideStart, ECO, FAST, type Booking, type Candidate, type StartDecision } from './index.ts';

const NOW = 10 * HOUR;
const CARRIER = 1;
const IMAGE = 256 * 1024;

/** A daily sleeper on NB-IoT with good radio, awake now, that can be asked to come at another time. */
const SLEEPER: Candidate = {
  carrier: CARRIER,
  airtime: 1,
  bearer: 'NB-IoT',
  ce: 0,
  coverage: { meanDb: 130, varianceDb: 16 },
  blockSize: 512,
  remainingBytes: IMAGE,
  canResume: true,
  onBattery: true,
  wakesAt: (at) => NOW + Math.ceil((at - NOW) / DAY) * DAY,
  turnedAway: 0,
  appointmentsLeft: 3,
  endsAt: Number.POSITIVE_INFINITY,
  closesAt: Number.POSITIVE_INFINITY,
  isOpen: () => true,
  patientUntil: 2 * DAY,
  booking: undefined,
};
const MAINS: Candidate = { ...SLEEPER, wakesAt: undefined, onBattery: false, appointmentsLeft: 0 };
const FIXED: Candidate = { ...SLEEPER, appointmentsLeft: 0 };
/** Only by chance in the poorest coverage: 150 dB on the mean. */
const POOR: Candidate = { ...SLEEPER, ce: 2, coverage: { meanDb: 150, varianceDb: 16 } };

const booked = (minutes: number, share: number, from = NOW): Booking => ({ carrier: CARRIER, from, until: from + minutes * MINUTE, share });

function carriers({
  budget = 0.5,
  bookings = [] as readonly Booking[],
  firm = 0,
  yielding = 0,
  waiting = 0,
  waitingMs = 0,
} = {}): Carriers {
  const all = new Carriers(() => budget);
  for (const each of bookings) all.ledger.book(each, NOW);
  if (firm > 0) all.begin({ booking: booked(30, firm), share: firm, isFirm: true }, NOW);
  if (yielding > 0) all.begin({ booking: booked(30, yielding), share: yielding, isFirm: false }, NOW);
  for (let n = 0; n < waiting; n++) all.addWaiting(CARRIER, waitingMs);
  return all;
}

const inWords = (decision: StartDecision): string => {
  if (decision.type === 'start') return `start ${decision.code}${decision.isFirm ? ' firm' : ''}`;
  const { code, until, asks, booking } = decision;
  return `wait ${code} ${Math.round((until - NOW) / MINUTE)} min${asks ? ' asked' : ''}${booking ? ' booked' : ''}`;
};

describe('a device that is reachable', () => {
  it.each<[string, Candidate, Carriers, string]>([
    ['on an empty carrier', SLEEPER, carriers(), 'start OPEN firm'],
    ['on battery, beside transfers that yield', SLEEPER, carriers({ yielding: 0.5 }), 'start OPEN firm'],
    [
      'that sleeps, where others have the carrier for an hour',
      SLEEPER,
      carriers({ firm: 0.5, bookings: [booked(60, 0.5)] }),
      'wait APPOINTMENT 60 min asked booked',
    ],
    [
      'that cannot be asked, where others have the carrier',
      FIXED,
      carriers({ firm: 1, bookings: [booked(60, 0.5)] }),
      'wait CELL_BUDGET 1440 min booked',
    ],
    ['that cannot be asked, where a squeeze is enough', FIXED, carriers({ firm: 0.47 }), 'start OPEN firm'],
    [
      'that was turned away three times, where others have the carrier',
      { ...FIXED, turnedAway: 3 },
      carriers({ firm: 1.5 }),
      'start OPEN firm',
    ],
    ['that was promised this time', { ...SLEEPER, booking: booked(20, 0.05) }, carriers({ firm: 1 }), 'start RESERVED firm'],
    [
      'that was promised another time',
      { ...SLEEPER, booking: booked(20, 0.05, NOW + HOUR) },
      carriers({ firm: 1 }),
      'wait APPOINTMENT 30 min asked booked',
    ],
    [
      'that asks for more than it was promised',
      { ...SLEEPER, booking: booked(2, 0.05) },
      carriers({ firm: 1 }),
      'wait APPOINTMENT 30 min asked booked',
    ],
    ['always there and able to resume', MAINS, carriers(), 'start YIELDING'],
    ['always there, where the budget is used', MAINS, carriers({ firm: 0.48 }), 'wait CELL_BUDGET 10 min'],
    ['always there, able to resume, and on battery', { ...MAINS, onBattery: true }, carriers(), 'start OPEN firm'],
    ['always there, and unable to resume', { ...MAINS, canResume: false }, carriers(), 'start OPEN firm'],
    [
      'always there and unable to resume, where the budget is used',
      { ...MAINS, canResume: false },
      carriers({ firm: 0.48 }),
      'wait CELL_BUDGET 10 min',
    ],
    [
      'alone with more than the budget',
      { ...SLEEPER, ce: 2, coverage: { meanDb: 165, varianceDb: 4 }, appointmentsLeft: 0 },
      carriers({ budget: 0.2 }),
      'start OPEN firm',
    ],
    [
      'outside its window, and inside by itself tomorrow',
      { ...SLEEPER, isOpen: (at) => at >= NOW + 20 * HOUR },
      carriers(),
      'wait WINDOW_CLOSED 1440 min',
    ],
    [
      'outside its window at every wake-up',
      { ...SLEEPER, isOpen: (at) => (at / HOUR) % 24 >= 20 },
      carriers(),
      'wait APPOINTMENT 600 min asked booked',
    ],
    [
      'outside its window until its campaign ends',
      { ...SLEEPER, isOpen: (at) => (at / HOUR) % 24 >= 20, endsAt: NOW + 10 * HOUR },
      carriers(),
      'wait WINDOW_CLOSED 1440 min',
    ],
    [
      'that needs longer than the window is open, and cannot resume',
      { ...FIXED, canResume: false, closesAt: NOW + 5 * MINUTE },
      carriers(),
      'wait WINDOW_TOO_SHORT 1440 min booked',
    ],
    ['that needs longer than the window is open, and can resume', { ...FIXED, closesAt: NOW + 5 * MINUTE }, carriers(), 'start OPEN firm'],
  ])('%s', (_what, candidate, all, expected) => expect(inWords(decideStart(candidate, ECO, all, NOW))).toBe(expected));
});

describe('a device in poorer coverage than usual', () => {
  it.each<[string, Candidate, 'ECO' | 'FAST', string]>([
    ['is asked to show its radio again', POOR, 'ECO', 'wait RADIO_POOR 60 min asked'],
    ['waits for its next wake-up if it cannot be asked', { ...POOR, appointmentsLeft: 0 }, 'ECO', 'wait RADIO_POOR 1440 min'],
    ['keeps its last appointment for better reasons', { ...POOR, appointmentsLeft: 1 }, 'ECO', 'wait RADIO_POOR 1440 min'],
    ['begins when its patience is over', { ...POOR, appointmentsLeft: 0, patientUntil: NOW }, 'ECO', 'start OPEN firm'],
    [
      'begins where a day costs more than the energy',
      { ...POOR, ce: 1, coverage: { meanDb: 140, varianceDb: 16 }, appointmentsLeft: 0 },
      'FAST',
      'start OPEN firm',
    ],
    ['is asked nothing when its campaign ends before', { ...POOR, endsAt: NOW + HOUR }, 'ECO', 'wait RADIO_POOR 1440 min'],
    ['begins when it is never better', { ...POOR, coverage: { meanDb: 170, varianceDb: 4 } }, 'ECO', 'start OPEN firm'],
    ['looks again in an hour if it is always there', { ...POOR, wakesAt: undefined, appointmentsLeft: 0 }, 'ECO', 'wait RADIO_POOR 60 min'],
  ])('%s', (_what, candidate, mode, expected) => {
    expect(inWords(decideStart(candidate, mode === 'ECO' ? ECO : FAST, carriers(), NOW))).toBe(expected);
  });

  it('lets the small ones go first where many wait', () => {
    const deep = { ...FIXED, ce: 2, coverage: { meanDb: 170, varianceDb: 4 } } as const;
    expect(inWords(decideStart(deep, FAST, carriers({ waiting: 600, waitingMs: 24_000 }), NOW))).toMatch(/^wait CELL_BUDGET/);
    expect(inWords(decideStart(deep, FAST, carriers({ waiting: 500, waitingMs: 24_000 }), NOW))).toBe('start OPEN firm');
  });
});

describe('whatever it is asked', () => {
  const candidates = fc
    .record({
      ce: fc.constantFrom(0, 1, 2),
      meanDb: fc.integer({ min: 110, max: 170 }),
      remainingBytes: fc.integer({ min: 1, max: 1 << 20 }),
      canResume: fc.boolean(),
      isAlwaysThere: fc.boolean(),
      periodH: fc.constantFrom(6, 12, 24),
      turnedAway: fc.nat(5),
      appointmentsLeft: fc.nat(3),
      opensAt: fc.nat(23),
    })
    .map(({ meanDb, isAlwaysThere, periodH, opensAt, ...rest }): Candidate => {
      const isOpen = (at: number): boolean => (Math.floor(at / HOUR) + 24 - opensAt) % 24 < 12;
      return {
        ...(isAlwaysThere ? MAINS : SLEEPER),
        ...(rest as Partial<Candidate>),
        coverage: { meanDb, varianceDb: 16 },
        wakesAt: isAlwaysThere ? undefined : (at) => NOW + Math.ceil((at - NOW) / (periodH * HOUR)) * periodH * HOUR,
        isOpen,
        closesAt: isOpen(NOW) ? NOW + HOUR : Number.POSITIVE_INFINITY,
      };
    });
  const loads = fc.record({
    budget: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
    firm: fc.double({ min: 0, max: 0.6, noNaN: true }),
    hours: fc.nat(48),
  });

  it('starts nobody outside the window, and never lets wait without a time ahead', () => {
    fc.assert(
      fc.property(candidates, loads, fc.constantFrom(FAST, ECO), (candidate, { budget, firm, hours }, mode) => {
        const all = carriers({ budget, firm, bookings: hours === 0 ? [] : [booked(60 * hours, firm)] });
        const decision = decideStart(candidate, mode, all, NOW);
        if (decision.type === 'start') return expect(candidate.isOpen(NOW)).toBe(true);
        expect(decision.until).toBeGreaterThan(NOW);
        expect(Number.isFinite(decision.until)).toBe(true);
        if (decision.asks) expect(candidate.appointmentsLeft).toBeGreaterThan(0);
        if (decision.booking) expect(candidate.isOpen(decision.booking.from)).toBe(true);
      }),
    );
  });

  it('admits nobody whom it is free to ask where the firm ones would then exceed the budget by more than a tenth', () => {
    fc.assert(
      fc.property(candidates, loads, (candidate, { budget, firm }) => {
        const decision = decideStart(
          { ...candidate, appointmentsLeft: Math.max(1, candidate.appointmentsLeft) },
          ECO,
          carriers({ budget, firm }),
          NOW,
        );
        if (decision.type === 'start' && firm > 0) expect(firm + decision.share).toBeLessThanOrEqual(1.1 * budget + 1e-9);
      }),
    );
  });

  it('decides the same again, and changes nothing', () => {
    fc.assert(
      fc.property(candidates, loads, (candidate, { budget, firm }) => {
        const all = carriers({ budget, firm });
        expect(decideStart(candidate, ECO, all, NOW)).toEqual(decideStart(candidate, ECO, all, NOW));
      }),
    );
  });
});

describe('airtime promised ahead', () => {
  it('is at the next wake-up, for the coverage that is to be expected', () => {
    const { at, booking } = bookWakeUp(FIXED, ECO, carriers(), NOW);
    expect(at).toBe(NOW + DAY);
    expect(booking?.share).toBeCloseTo(0.042, 2);
  });

  it('is at a later one where that has no room', () => {
    const full = carriers({ bookings: [booked(60, 0.9, NOW + DAY)] });
    expect(bookWakeUp(FIXED, ECO, full, NOW).at).toBe(NOW + 2 * DAY);
  });

  it('is none where no wake-up has room: it comes all the same', () => {
    const full = carriers({ bookings: [booked(7 * 24 * 60, 0.9)] });
    expect(bookWakeUp({ ...FIXED, wakesAt: (at) => Math.ceil(at / HOUR) * HOUR }, ECO, full, NOW)).toEqual({
      at: NOW + HOUR,
      booking: undefined,
    });
  });
});
