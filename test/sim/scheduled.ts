// prototype
import { HOUR, MINUTE } from '@drover/kernel';
import { AirtimeLedger, stretched, BEARERS, BLOCK_SIZE, coverageChances, costOfWaiting, expectedTries, radioClass, blockCost, type Booking, type SimPolicy, type World } from '@drover/schedule';

export interface Weights {
  readonly hourMah: number; // price of an hour
  readonly airPrice: number; // mAh per airtime second in a saturated carrier
  readonly soft: number; // ms: soft deadline
  readonly sFixed: number; readonly sFlex: number; readonly crowd: number; readonly fill: number; readonly fillStretch: number;
  readonly retryWake: boolean; readonly plan: boolean; readonly gateMains:boolean; readonly over: number; readonly maxAppts:number; readonly rerollMs:number;
  readonly urgeMs: number; readonly wakeMah: number; readonly keepAppts: number; readonly windowWaitMs: number;
}
export const FAST: Weights = { hourMah: 6, airPrice: 0.02, soft: 24*HOUR, sFixed: 3, sFlex: 1.05, crowd: 8, fill: 0.7, fillStretch: 1.6, retryWake: true, plan: true, gateMains: true, over: 1, maxAppts: 3, rerollMs: 0, urgeMs: 0, wakeMah: 1.5, keepAppts: 1, windowWaitMs: 6 * HOUR };
export const ECO: Weights = { ...FAST, hourMah: 0.5, soft: 48*HOUR, windowWaitMs: 26*HOUR, rerollMs: HOUR };

interface Cls { dur: number; share: number; mah: number; air: number; contact: number; session: number }
const CLS: Cls[] = BEARERS.slice(0, 2).flatMap((bearer) => ([0, 1, 2] as const).map((ce) => {
  const b = blockCost({ bearer, ce, blockSize: BLOCK_SIZE }); const r = radioClass(bearer, ce);
  return { dur: b.duration, share: b.share, mah: b.energyMah, air: b.airtime, contact: r.contactMah, session: r.sessionS * 1000 };
}));

export class Scheduled implements SimPolicy {
  w: Weights; ledger!: AirtimeLedger; world!: World;
  mean!: Float64Array; vari!: Float64Array; booking: (Booking | undefined)[] = []; live: (Booking | undefined)[] = []; appts!: Uint8Array; natK!: Int32Array; losses!: Uint8Array;
  backlog: number[][] = []; pendingAir!: Float64Array; waiting!: Int32Array; wakeSet!: Float64Array;
  reasons: Record<string, number> = {};
  constructor(w: Weights) { this.w = w; }
  count(r: string) { this.reasons[r] = (this.reasons[r] ?? 0) + 1; }
  start(world: World): void {
    this.world = world; const { fleet } = world; const n = fleet.size;
    this.ledger = new AirtimeLedger((c, at) => fleet.budget[c * 24 + (Math.floor(at / HOUR) % 24)]!);
    this.mean = Float64Array.from(fleet.meanLossDb, (m, i) => m + 1.5 * world.normal(i, 0, 20));
    this.vari = new Float64Array(n).fill(16);
    this.appts = new Uint8Array(n); this.losses = new Uint8Array(n); this.wakeSet = new Float64Array(n).fill(-1);
    this.waiting = new Int32Array(fleet.carriers);
    this.backlog = Array.from({ length: fleet.carriers }, () => []);
    for (let i = 0; i < n; i++) { if (fleet.battery[i]! < 20) continue; this.waiting[fleet.carrier[i]!]!++; if (fleet.periodMs[i] === 0) this.backlog[fleet.carrier[i]!]!.push(i); }
    this.crowdAir = new Float64Array(fleet.carriers);
    for (let i = 0; i < n; i++) if (fleet.battery[i]! >= 20 && this.ceOf(i) < 2) this.crowdAir[fleet.carrier[i]!]! += CLS[fleet.bearer[i]! * 3 + this.ceOf(i)]!.air * world.blocksLeft(i);
    this.crowdOf = Float64Array.from({ length: n }, (_, i) => fleet.battery[i]! >= 20 && this.ceOf(i) < 2 ? CLS[fleet.bearer[i]! * 3 + this.ceOf(i)]!.air * world.blocksLeft(i) : 0);
    const air = (i: number) => { const ce = this.mean[i]! > 154 ? 2 : this.mean[i]! >= 144 ? 1 : 0; return CLS[fleet.bearer[i]! * 3 + ce]!.air * world.blocksLeft(i); };
    if (this.w.plan) this.plan(world);
    for (const list of this.backlog) list.sort((a, b) => air(a) - air(b));
    for (let c = 0; c < fleet.carriers; c++) this.serve(c);
  }
  plan(world: World): void {
    const { fleet } = world;
    for (let i = 0; i < fleet.size; i++) {
      if (fleet.periodMs[i] === 0 || fleet.canAppoint[i] === 1 || fleet.battery[i]! < 20) continue;
      this.bookNatural(i, 0);
    }
  }
  // predicted natural contact at or after t
  nextNat(i: number, t: number): number { const { periodMs, phaseMs } = this.world.fleet; const k = Math.max(0, Math.ceil((t - phaseMs[i]!) / periodMs[i]!)); return phaseMs[i]! + k * periodMs[i]!; }
  ceOf(i: number) { return this.mean[i]! > 154 ? 2 : this.mean[i]! >= 144 ? 1 : 0; }
  bookNatural(i: number, t: number): number {
    const { fleet } = this.world; let at = this.nextNat(i, t + 5 * MINUTE); const first = at;
    const cls = CLS[fleet.bearer[i]! * 3 + this.ceOf(i)]!; const d = cls.dur * this.world.blocksLeft(i) * 1.05 + 20_000;
    for (let k = 0; k < 4; k++, at += fleet.periodMs[i]!) {
      if (!this.world.isOpen(i, at)) continue;
      const b = { carrier: fleet.carrier[i]!, from: at, until: at + d, share: cls.share };
      const end = this.ledger.endOf(b, { limit: at + this.w.sFixed * d, now: t });
      if (end < Infinity) { const bk = stretched(b, at, end); this.ledger.book(bk, t); this.booking[i] = bk; return at; }
    }
    return first;
  }
  unbook(i: number, t: number) { const b = this.booking[i]; if (b) { this.ledger.release(b, t); this.booking[i] = undefined; } }
  learn(i: number, first: boolean) {
    const loss = this.world.lossDb[i]!; const off = loss - this.mean[i]!; const w = first ? 0.3 : 0.3;
    this.mean[i]! += w * off;
  }
  price(c: number): number { // mAh per airtime-second
    return this.waiting[c]! > 20 ? this.w.airPrice * Math.min(1, this.waiting[c]! / 200) : 0;
  }
  costs(i: number): [number, number, number] {
    const { fleet } = this.world; const left = this.world.blocksLeft(i); const mu = this.price(fleet.carrier[i]!);
    const bat = fleet.periodMs[i]! > 0 ? 1 : 0; const out: number[] = [];
    for (let ce = 0; ce < 3; ce++) { const k = CLS[fleet.bearer[i]! * 3 + ce]!; const tries = fleet.canResume[i] === 1 ? 1 : expectedTries(k.dur * left, k.session); out.push(tries * left * (bat * k.mah + mu * k.air / 1000 + this.w.hourMah * k.dur / HOUR)); }
    return out as [number, number, number];
  }
  gate(i: number, ce: number, contacts: number, waitMs: number, extra: number): boolean {
    if (ce === 0 || contacts <= 0) return true;
    const costs = this.costs(i);
    const wait = costOfWaiting(costs, coverageChances({ meanDb: this.mean[i]!, varianceDb: this.vari[i]! }), { contacts, waitCost: this.w.hourMah * waitMs / HOUR + extra });
    return costs[ce]! <= wait;
  }
  closes(i: number): number { const { world } = this; if (world.fleet.window[i] === 0) return Infinity; let at = (Math.floor(world.now / HOUR) + 1) * HOUR; while (world.isOpen(i, at)) at += HOUR; return at; }
  begin(i: number, d: number, share: number, why: string) {
    this.count(why);this.note(i,'B'); const t = this.world.now; this.unbook(i, t);
    const firm = this.world.fleet.periodMs[i]! > 0 || this.world.fleet.canResume[i] === 0;
    if (firm) { const b = { carrier: this.world.fleet.carrier[i]!, from: t, until: t + d, share }; this.ledger.book(b, t); this.live[i] = b; }
    this.world.begin(i, this.closes(i));
  }
  hist: string[] = [];
  note(i: number, x: string) { this.hist[i] = (this.hist[i] ?? '') + x; }
  contact(i: number, world: World): void {
    const { fleet } = world; if (fleet.battery[i]! < 20) return;
    const t = world.now;
    if (fleet.periodMs[i] === 0) return this.serve(fleet.carrier[i]!);
    const ce = world.coverage(i); this.learn(i, true);
    const nat = this.nextNat(i, t + 10 * MINUTE); const c = fleet.carrier[i]!;
    const cls = CLS[fleet.bearer[i]! * 3 + ce]!; const d = cls.dur * world.blocksLeft(i) * 1.05 + 20_000;
    const canAppoint = fleet.canAppoint[i] === 1 && this.appts[i]! < this.w.maxAppts;
    if (!world.isOpen(i)) { this.count('WINDOW');this.note(i,'w'); return canAppoint && this.nextOpenNat(i, t) - t > this.w.windowWaitMs ? this.appoint(i, t, nat, d, cls.share, true) : undefined; }
    const closes = this.closes(i);
    if (closes - t < d && fleet.canResume[i] === 0) { this.count('SHORT');this.note(i,'s'); return; }
    // radio
    const contacts = Math.floor((this.w.soft - t) / fleet.periodMs[i]!);
    if (ce > 0) {
      const costs = this.costs(i); const chances = coverageChances({ meanDb: this.mean[i]!, varianceDb: this.vari[i]! });
      const k = Math.min(12, contacts);
      const byNature = k <= 0 ? Infinity : costOfWaiting(costs, chances, { contacts: k, waitCost: this.w.hourMah * (nat - t) / HOUR });
      const rerolls = this.w.rerollMs > 0 && canAppoint && nat - t > 1.5 * this.w.rerollMs && world.isOpen(i, t + this.w.rerollMs) ? Math.min(this.w.maxAppts - this.appts[i]! - this.w.keepAppts, Math.floor((nat - t) / this.w.rerollMs)) : 0;
      const byWake = rerolls <= 0 ? Infinity : costOfWaiting(costs, chances, { contacts: rerolls, waitCost: this.w.hourMah * this.w.rerollMs / HOUR + cls.contact + this.w.wakeMah });
      if (costs[ce]! > Math.min(byNature, byWake)) {
        this.unbook(i, t);
        if (byWake < byNature) { this.count('REROLL'); this.note(i, 'R'); this.appts[i]!++; world.wakeAt(i, t + this.w.rerollMs); return; }
        this.count('RADIO'); this.note(i, 'r'); return;
      }
    }
    if (false) { this.count('RADIO');this.note(i,'r'); this.unbook(i, t);
      return; }
    const own = this.booking[i]; const promised = own !== undefined && Math.abs(own.from - t) <= 15 * MINUTE && cls.share * d <= 1.3 * own.share * (own.until - own.from);
    this.unbook(i, t);
    if (ce === 2 && this.crowded(c, t)) { this.count('CROWD'); this.note(i, 'c'); return; }
    const b = { carrier: c, from: t, until: t + d, share: cls.share }; const limit = promised ? 6 : canAppoint ? this.w.sFlex : this.w.sFixed;
    if (this.roomNow(c, t, cls.share, limit)) {
      const end = this.ledger.endOf(b, { limit: t + limit * d, now: t });
      if (end < Infinity) return this.begin(i, end - t, cls.share * d / (end - t), promised ? 'RESERVED' : 'OPEN');
    }
    if (canAppoint) return this.appoint(i, t, nat, d, cls.share, false);
    this.count('REFUSED');this.note(i,'F'); this.bookNatural(i, t);
  }
  roomNow(c: number, t: number, share: number, limit: number): boolean {
    const firm = this.world.firmDemandOn(c); const beta = this.world.fleet.budget[c * 24 + (Math.floor(t / HOUR) % 24)]!;
    if (firm === 0 || firm + share <= beta) return true;
    const st = (firm + share) / beta;
    return st <= limit || (firm <= beta * this.w.fill && st <= this.w.fillStretch);
  }
  crowdAir!: Float64Array; crowdOf!: Float64Array;
  crowded(c: number, t: number): boolean {
    if (this.w.crowd === 0) return false;
    return this.crowdAir[c]! / 0.45 > this.w.crowd * HOUR;
  }
  appoint(i: number, t: number, nat: number, d: number, share: number, window: boolean): void {
    const { world } = this; const { fleet } = world; const c = fleet.carrier[i]!;
    let from = t + 15 * MINUTE;
    while (!world.isOpen(i, from) && from < t + 24 * HOUR) from = (Math.floor(from / HOUR) + 1) * HOUR;
    // natural contact ok?
    const b = { carrier: c, from, until: from + d, share };
    const natOpen = window ? this.nextOpenNat(i, t) : nat;
    const bk = this.ledger.firstGap(b, { before: Math.min(natOpen - 30 * MINUTE, t + 5 * 24 * HOUR), stretch: this.w.sFlex, isOpen: (at) => world.isOpen(i, at), now: t });
    if (bk !== undefined) {
      this.ledger.book(bk, t); this.booking[i] = bk; this.appts[i]!++; this.count('APPT');this.note(i,'a'); world.wakeAt(i, bk.from); return;
    }
    this.count('REFUSED_A');this.note(i,'F'); this.bookNatural(i, t);
  }
  nextOpenNat(i: number, t: number): number { let at = this.nextNat(i, t + 10 * MINUTE); for (let k = 0; k < 8; k++) { if (this.world.isOpen(i, at)) return at; at += this.world.fleet.periodMs[i]!; } return Infinity; }
  ended(i: number, done: boolean, world: World): void {
    const { fleet } = world; const t = world.now; const c = fleet.carrier[i]!;
    const b = this.live[i]; if (b) { this.ledger.release(b, t); this.live[i] = undefined; }
    if (done) this.crowdAir[c]! -= this.crowdOf[i]!;
    if (done) this.waiting[c]!--;
    else {
      this.losses[i]!++;this.note(i,'L');
      if (fleet.periodMs[i] === 0) { this.wakeSet[i] = t + 5 * MINUTE * Math.min(16, 2 ** (this.losses[i]! - 1)); this.backlog[c]!.push(i); }
      else if (this.w.retryWake && fleet.canAppoint[i] === 1 && this.appts[i]! < this.w.maxAppts && this.nextNat(i, t) - t > 1 * HOUR) { this.appts[i]!++; world.wakeAt(i, t + 15 * MINUTE); this.count('RETRYWAKE');this.note(i,'y'); }
      else if (fleet.canAppoint[i]===0) this.bookNatural(i, t);
    }
    this.serve(c);
  }
  serve(c: number): void {
    const { world } = this; const list = this.backlog[c]!; if (list.length === 0) return;
    const { fleet } = world; const t = world.now; const beta = fleet.budget[c * 24 + (Math.floor(t / HOUR) % 24)]!;
    let kept = 0;
    for (let k = 0; k < list.length; k++) {
      const i = list[k]!;
      if (!this.tryMains(i, c, t, beta)) list[kept++] = i;
    }
    list.length = kept;
  }
  tryMains(i: number, c: number, t: number, beta: number): boolean {
    const { world } = this; const { fleet } = world; if (fleet.isDead[i]) return false;
    if (this.wakeSet[i]! > t || !world.isOpen(i)) return false;
    const demand = world.demandOn(c); const firm = world.firmDemandOn(c);
    if (demand >= beta * this.w.over) return false;
    const ce = world.coverage(i); const cls = CLS[fleet.bearer[i]! * 3 + ce]!; const d = cls.dur * world.blocksLeft(i) * 1.05 + 20_000;
    if (this.w.gateMains && !this.gate(i, ce, Math.min(24, (this.w.soft - t) / HOUR), HOUR, 0)) return false;
    if (ce === 2 && this.crowded(c, t)) return false;
    if (fleet.canResume[i] === 1) { if (demand > 0 && demand + cls.share > beta * this.w.over) return false; this.begin(i, d, cls.share, 'ELASTIC'); return true; }
    if (this.closes(i) - t < d) return false;
    const b = { carrier: c, from: t, until: t + d, share: cls.share };
    if (ce === 2 && this.crowded(c, t)) return false;
    if (this.roomNow(c, t, cls.share, 1)) { const end = this.ledger.endOf(b, { limit: t + this.w.sFlex * d, now: t }); if (end < Infinity) { this.begin(i, end - t, cls.share * d / (end - t), 'FIRM'); return true; } }
    return false;
  }
  minute(world: World): void { // every 10 min staggered
    const m = Math.floor(world.now / MINUTE);
    for (let c = m % 10; c < world.fleet.carriers; c += 10) if (this.backlog[c]!.length > 0) this.serve(c);
  }
}
