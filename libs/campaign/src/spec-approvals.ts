import { name } from './leaves.ts';
import { mapping, optional, required, type Read } from './schema.ts';

/** Whose word its start waits for; the policy is a document of its own. */
export const approvals = mapping({ start: optional(mapping({ policyRef: required(name) })) }, ['expedite']);
export type ApprovalsSpec = Read<typeof approvals>;
