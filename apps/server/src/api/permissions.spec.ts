import { expect, it } from '@jest/globals';
import { ROLES } from '../engine/token-desk.ts';
import { roleMay, type Permission } from './permissions.ts';

const PERMISSIONS: readonly Permission[] = ['read', 'operate', 'approve', 'audit', 'administer'];
/** The whole table: what is not listed is refused. */
const MAY: Record<string, string> = {
  viewer: 'read',
  operator: 'read operate',
  approver: 'read approve',
  auditor: 'read audit',
  administrator: 'read operate approve audit administer',
};

it.each(ROLES)('%s may what the table says', (role) => {
  expect(PERMISSIONS.filter((permission) => roleMay(role, permission)).join(' ')).toBe(MAY[role]);
});
