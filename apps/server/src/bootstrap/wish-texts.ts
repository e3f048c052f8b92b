/** What a device that is to bootstrap is waited for. */
export const WISH_TEXTS = {
  NOT_REGISTERED: 'it is not registered: it is asked when it registers, or comes by itself',
  ASLEEP: 'it sleeps: it is asked when it wakes up',
  ASKED: 'it was asked by Execute of the Bootstrap-Request Trigger, and has not answered yet',
  NO_ANSWER: 'it was asked and has not answered: it is asked again when it is heard',
  OWN_REQUEST: 'it has no Bootstrap-Request Trigger that it carries out (/1/x/9): it comes when it bootstraps by itself',
  REQUEST: 'it has taken the order, and its Bootstrap-Request is to come; without one it is asked again',
} as const;

export type WishWaits = keyof typeof WISH_TEXTS;

export const textOfWait = (waits: string): string => WISH_TEXTS[waits as WishWaits] ?? waits;
