/** What happens to a part of a device that is being replaced; Objects 5, 33629 and 9 each have a table of what they make of it. */
export const UPDATE_EVENTS = [
  'uri-written',
  'push-started',
  'reset',
  'cancelled',
  'received',
  'verified',
  'damaged',
  'unsupported',
  'memory-full',
  'flash-full',
  'connection-lost',
  'uri-invalid',
  'uri-unknown',
  'protocol-unsupported',
  'conflicting',
  'executed',
  'deferred',
  'installed',
  'install-failed',
  'install-failed-for-good',
  'forgotten',
] as const;
export type UpdateEvent = (typeof UPDATE_EVENTS)[number];

/** State and Result, as the device keeps them through power loss. The numbers are those of the object. */
export interface Standing {
  readonly state: number;
  readonly result: number;
}

/** `undefined`: refused, or without meaning in this state. */
export type Machine = (standing: Standing, event: UpdateEvent) => Standing | undefined;

export type Moves = Readonly<Record<number, Readonly<Partial<Record<UpdateEvent, Standing>>>>>;
