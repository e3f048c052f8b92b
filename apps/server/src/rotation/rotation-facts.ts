import { credentialKey, useOf, type Credential } from '@drover/credentials';
import type { Endpoint, Instant } from '@drover/kernel';
import { holdsDevice, type DeviceRotation, type RotationFacts } from '@drover/rollout';
import type { BootstrapRecord, DeviceRecord } from '@drover/persistence';
import { reachOf } from '../bootstrap/reach.ts';
import type { EngineState } from '../engine/engine-state.ts';
import { whyNotRotated, type Unfit } from './rotation-fitness.ts';

/** What is known of a device now, by the state of the engine alone. What costs most is found out where somebody asks. */
export function rotationFacts(
  own: DeviceRotation,
  rotation: { readonly createdAt: Instant },
  state: EngineState,
  now: Instant,
): RotationFacts {
  const { endpoint } = own;
  const device = state.devices.get(endpoint);
  const bootstrap = state.bootstraps.get(endpoint);
  const active = state.credentials.of(endpoint).filter((each) => useOf(each) === 'management' && each.state === 'active');
  const { wish, refused } = bootstrap ?? {};
  return {
    hasRotated: active.some((key) => isNew(key, own, rotation.createdAt)),
    ...sessionOf(bootstrap),
    ...(wish && { wish: { waits: wish.waits, askedAt: wish.askedAt ?? wish.at } }),
    ...(refused && { refused }),
    ...reachNow(endpoint, state, { device, now }),
    ...(device?.lastContactAt !== undefined && { heardAt: device.lastContactAt }),
    identities: active.map(credentialKey),
    get unfit() {
      return device ? unfitness(device, state, now) : whyNotRotated(state.credentials.of(endpoint), undefined, now);
    },
  } as RotationFacts;
}

/** Whether it can be sent now. */
export function reachNow(
  endpoint: Endpoint,
  state: EngineState,
  { device, now }: { readonly device: DeviceRecord | undefined; readonly now: Instant },
): Pick<RotationFacts, 'reach' | 'isUpdating'> {
  const reach = reachOf(device, state.awakeUntil.get(endpoint), now);
  return { reach, isUpdating: state.openUpdatesOf(endpoint).some(({ update }) => holdsDevice(update)) };
}

/** Why it cannot be given another key, by its keys and its template. */
export function unfitness(
  device: DeviceRecord,
  { credentials, classes, templates }: Pick<EngineState, 'credentials' | 'classes' | 'templates'>,
  now: Instant,
): Unfit | undefined {
  const template = templates.of({ device, className: classes.nameOf(device) });
  return whyNotRotated(credentials.of(device.endpoint), template?.spec, now);
}

/** In force, and made since; or one that it could not show when it was asked: a person may have made it long before. */
function isNew(key: Credential, { asked, before }: DeviceRotation, since: Instant): boolean {
  return key.createdAt >= since || (asked > 0 && !before.includes(credentialKey(key)));
}

function sessionOf(bootstrap: BootstrapRecord | undefined): Pick<RotationFacts, 'session'> {
  if (bootstrap === undefined || bootstrap.state === 'wanted') return {};
  const { state, at, sessions, failure } = bootstrap;
  return { session: { state, at, count: sessions, ...(failure && { why: `${failure.at}: ${failure.why}` }) } };
}
