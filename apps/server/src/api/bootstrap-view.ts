import type { CredentialBook } from '@drover/credentials';
import { isoOf } from '@drover/kernel';
import type { BootstrapView } from '@drover/contracts';
import type { BootstrapRecord, BootstrapWish } from '@drover/persistence';
import { kindOf } from '../bootstrap/key-plan.ts';
import { textOfWait } from '../bootstrap/wish-texts.ts';

/** Accounts with how their keys stand now: that the device has one is known when it has connected with it. */
export function bootstrapView(record: BootstrapRecord, credentials: CredentialBook): BootstrapView {
  const { endpoint, state, sessions, by, via, template, accounts = [], failure, wish } = record;
  return {
    endpoint,
    state,
    at: isoOf(record.at),
    sessions,
    by,
    via,
    template,
    accounts: accounts.map((account) => ({ ...account, key: keyStateOf(account, credentials) })),
    failure,
    wish: wish && wishView(wish),
  };
}

function wishView({ by, reason, at, waits, askedAt }: BootstrapWish): BootstrapView['wish'] {
  const asked = askedAt === undefined ? {} : { askedAt: isoOf(askedAt) };
  return { by, reason, at: isoOf(at), ...asked, waits, text: textOfWait(waits) };
}

function keyStateOf({ mode, identity }: NonNullable<BootstrapRecord['accounts']>[number], credentials: CredentialBook): string | undefined {
  const kind = kindOf(mode);
  return kind === undefined || identity === undefined ? undefined : credentials.with(kind, identity)?.state;
}
