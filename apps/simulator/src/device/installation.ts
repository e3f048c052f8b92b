import { SECOND } from '@drover/kernel';
import type { InstallReaction } from '../profiles/behaviour.ts';
import { FRESH } from './firmware-state.ts';
import type { PartParts } from './part-parts.ts';
import { change, momentOf, reaction } from './standing.ts';

const FIRMWARE_REBOOTS: InstallReaction = { runs: 'new', event: 'installed', comesBack: 'reboot' };
/** Software is replaced while the device runs. */
const SOFTWARE_STAYS: InstallReaction = { runs: 'new', event: 'installed', comesBack: 'stays' };

/** The end of an installation: what runs from here on, and how the server hears of it. */
export function finishInstall(parts: PartParts, forgetImage: () => void): void {
  const { part, flash, observer, plan, clock, reboot, vanish, update } = parts;
  const usual = part.traits.object === 9 ? SOFTWARE_STAYS : FIRMWARE_REBOOTS;
  const how = reaction(part, part.traits.behaviour.install?.(momentOf(part))) ?? usual;
  const { image } = part;
  part.isInstalling = false;
  if (how.runs === 'new' && image?.version !== undefined) {
    if (how.fallsBackMs !== undefined) part.fallsBack = { at: clock.now() + how.fallsBackMs, version: part.version };
    part.version = image.version;
    part.component = image.component ?? part.component;
    flash.installs += 1;
    observer.installed(plan, { digest: image.digest, isIntact: image.verdict === 'verified' }, clock.now());
  }
  change(parts, how.event);
  if (how.event !== 'install-failed') forgetImage();
  if (how.comesBack === 'silent') return vanish(how.silentMs);
  if (how.comesBack === 'reboot') return reboot();
  if (part.traits.object === 9) update();
  fallBackLater(parts);
}

/** A bootloader that gives the new image up; it tells nobody why. */
export function fallBackLater(parts: PartParts): void {
  const { part, clock, after, observer, plan, reboot } = parts;
  const { fallsBack } = part;
  if (fallsBack === undefined) return;
  after(Math.max(SECOND, fallsBack.at - clock.now()), () => {
    if (part.fallsBack !== fallsBack) return;
    part.fallsBack = undefined;
    part.version = fallsBack.version;
    part.standing = FRESH;
    observer.fellBack(plan);
    reboot();
  });
}
