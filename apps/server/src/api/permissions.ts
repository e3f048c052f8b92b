import { SetMetadata } from '@nestjs/common';
import type { Role } from '../engine/token-desk.ts';

/** Rights of the API. `approve` and `operate` are apart: who changes a campaign does not sign it off. */
export type Permission = 'read' | 'operate' | 'approve' | 'audit' | 'administer';

const ROLE_MAY: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  approver: ['read', 'approve'],
  auditor: ['read', 'audit'],
  administrator: ['read', 'operate', 'approve', 'audit', 'administer'],
};

export function roleMay(role: Role, permission: Permission): boolean {
  return ROLE_MAY[role].includes(permission);
}

const NEEDS = 'drover:permission';
/** What a handler needs; a handler without one needs nothing and is public. */
export const Needs = (permission: Permission) => SetMetadata(NEEDS, permission);
export { NEEDS };
