import { MINUTE } from '@drover/kernel';
import { ScheduledPolicy } from '../simulate/scheduled.ts';
import type { SimPolicy, World } from '../simulate/world.ts';
import { BEARERS } from '../simulate/fleet.ts';
import { BLOCK_SIZE } from '../simulate/world.ts';
import { energyAt } from './budgets-ahead.ts';
import { HoursAhead } from './hours-ahead.ts';
import type { Sample } from './sample.ts';
import { HAS_IMAGE, TRANSFERS, type OutlookSnapshot } from './snapshot.ts';
import { StageGates } from './stage-gates.ts';

/** Flashing, rebooting, registering and being read, ms. */
export const INSTALL_MS = 5 * MINUTE;

export interface StagedOptions {
  readonly snapshot: OutlookSnapshot;
  readonly sample: Sample;
  /** By row of the snapshot. */
  readonly barriers: Uint8Array;
  /** Transfers at once, in the sample. */
  readonly slots: number;
}

/** A campaign in the simulated world: its stages, slots and deadline around the production decisions, and the installation after. */
export class StagedPolicy implements SimPolicy {
  /** When each simulated device was through, ms; NaN before. */
  readonly settledAt: Float64Array;
  readonly gates: StageGates;
  readonly #options: StagedOptions;
  readonly #scheduled: ScheduledPolicy;
  readonly #install: readonly HoursAhead[];
  readonly #hasBegun: Uint8Array;
  readonly #byStage: number[][];
  #installing: number[] = [];
  #left: number;
  #world!: World;

  constructor(options: StagedOptions) {
    const { snapshot, sample, barriers } = options;
    this.#options = options;
    this.settledAt = new Float64Array(sample.rows.length).fill(Number.NaN);
    this.#install = snapshot.windows.map((open) => new HoursAhead(open));
    this.#hasBegun = Uint8Array.from(sample.rows, (row) => snapshot.hasBegun[row]!);
    this.#byStage = snapshot.campaign.stages.map(() => []);
    sample.rows.forEach((row, device) => {
      if (barriers[row] === 0) this.#byStage[snapshot.stage[row]!]?.push(device);
    });
    this.#left = this.#byStage.reduce((sum, { length }) => sum + length, 0);
    const { pace, deadlineMs = Number.POSITIVE_INFINITY } = snapshot.campaign;
    const stuck = snapshot.campaign.stages.map((): number[] => []);
    for (const row of sample.rows) if (barriers[row]! > 0) stuck[snapshot.stage[row]!]?.push(this.#givenUp(row));
    const members = this.#byStage.map(({ length }, stage) => ({ left: length, stuck: stuck[stage]! }));
    this.gates = new StageGates(snapshot.campaign, members, sample.factor);
    this.#scheduled = new ScheduledPolicy({
      mode: pace,
      // As the engine does: airtime is promised to who has come for nothing, not ahead of the first contact.
      plansAhead: false,
      isIn: () => false,
      mayBegin: (device) => this.#mayBegin(device),
      patientUntil: (device) => Math.min((this.gates.openedMs(this.#stageOf(device)) ?? 0) + pace.patienceMs, deadlineMs),
    });
  }

  start(world: World): void {
    this.#world = world;
    this.#scheduled.start(world);
    this.#byStage.forEach((devices, stage) => {
      for (const device of devices) if (this.#progressOf(device) === HAS_IMAGE) this.#installAfter(device, 0);
      if (this.gates.openedMs(stage) !== undefined) this.#enter(devices);
      // Who is in the middle of a transfer is awake.
      for (const device of devices) if (this.#goesOn(device)) this.#scheduled.contact(device, world);
    });
  }

  contact(device: number, world: World): void {
    this.#scheduled.contact(device, world);
  }

  ended(device: number, isDone: boolean, world: World): void {
    this.#hasBegun[device] = 1;
    if (isDone && !this.#isCancelled(world.doneAt[device]!)) this.#installAfter(device, world.doneAt[device]!);
    this.#scheduled.ended(device, isDone, world);
  }

  minute(world: World): void {
    this.#settle(world.now);
    for (const stage of this.gates.advance(world.now)) this.#enter(this.#byStage[stage]!);
    this.#scheduled.minute(world);
  }

  isOver(): boolean {
    return this.#left === 0;
  }

  /** At the deadline everybody who has not begun is skipped. What follows from its wake-ups alone, the server does not see. */
  #givenUp(row: number): number {
    const { barrier, givenUpMs, campaign } = this.#options.snapshot;
    return Math.min(barrier[row]! > 0 ? givenUpMs[row]! : Number.POSITIVE_INFINITY, campaign.deadlineMs ?? Number.POSITIVE_INFINITY);
  }

  #enter(devices: readonly number[]): void {
    this.#scheduled.enter(devices.filter((device) => this.#progressOf(device) !== HAS_IMAGE));
  }

  #mayBegin(device: number): boolean {
    const { campaign } = this.#options.snapshot;
    const { now, activeCount } = this.#world;
    if (now < campaign.startsMs || activeCount >= this.#options.slots || !this.#canAfford(device)) return false;
    if (campaign.deadlineMs === undefined || now < campaign.deadlineMs) return true;
    return campaign.afterDeadline === 'begun' && this.#hasBegun[device] === 1;
  }

  /** With the radio that it has now, and what this run has taken from its battery already. */
  #canAfford(device: number): boolean {
    const { snapshot } = this.#options;
    const left = snapshot.energyLeftMah[this.#rowOf(device)]!;
    if (left === Number.POSITIVE_INFINITY) return true;
    const { fleet, energyMah } = this.#world;
    const link = { bearer: BEARERS[fleet.bearer[device]!]!, ce: this.#world.coverage(device), blockSize: BLOCK_SIZE };
    return energyMah[device]! + energyAt(this.#world.blocksLeft(device) * BLOCK_SIZE, link, snapshot) <= left;
  }

  /** At the deadline everything under way was taken back. */
  #isCancelled(doneAt: number): boolean {
    const { deadlineMs = Number.POSITIVE_INFINITY, afterDeadline } = this.#options.snapshot.campaign;
    return afterDeadline === 'nothing' && doneAt > deadlineMs;
  }

  /** At once where it is awake within its window, else when it can be reached there. */
  #installAfter(device: number, at: number): void {
    const { install, periodMs, phaseMs } = this.#options.snapshot;
    const row = this.#rowOf(device);
    const window = this.#install[install[row]!]!;
    const isThere = at > 0 && window.isOpen(at);
    const from = isThere ? at : window.firstReach(at, { periodMs: periodMs[row]!, phaseMs: phaseMs[row]! });
    this.settledAt[device] = from + INSTALL_MS;
    this.#installing.push(device);
  }

  #settle(now: number): void {
    if (this.#installing.length === 0) return;
    const { factor } = this.#options.sample;
    this.#installing = this.#installing.filter((device) => {
      if (this.settledAt[device]! > now) return true;
      this.gates.done(this.#stageOf(device), factor);
      this.#left -= 1;
      return false;
    });
  }

  #goesOn(device: number): boolean {
    return this.#progressOf(device) === TRANSFERS && this.#world.fleet.periodMs[device]! > 0;
  }

  #rowOf(device: number): number {
    return this.#options.sample.rows[device]!;
  }

  #stageOf(device: number): number {
    return this.#options.snapshot.stage[this.#rowOf(device)]!;
  }

  #progressOf(device: number): number {
    return this.#options.snapshot.progress[this.#rowOf(device)]!;
  }
}
