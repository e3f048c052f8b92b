// Keys of a fleet that only a bench has: both sides make them from a seed that was drawn for this run.
import { createHmac } from 'node:crypto';

export const endpointOf = (index) => `urn:imei:${String(index).padStart(15, '0')}`;
export const keyOf = (seed, index) => createHmac('sha256', seed).update(String(index)).digest().subarray(0, 16);
