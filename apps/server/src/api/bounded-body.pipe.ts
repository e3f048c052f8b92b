import { type ArgumentMetadata, BadRequestException, type PipeTransform } from '@nestjs/common';

/** Deeper and wider than anything the language or the API knows; far from where the stack ends or a second passes. */
const MAX_DEPTH = 64;
const MAX_MEMBERS = 1000;

/**
 * Everything after this walks bodies recursively, and the validator compares every name of a mapping with every other:
 * a body that would end the stack, or hold the one thread for minutes, ends here with an answer.
 */
export class BoundedBodyPipe implements PipeTransform {
  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    if (type === 'body') refuseUnbounded(value);
    return value;
  }
}

function refuseUnbounded(value: unknown): void {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new BadRequestException(`a body may be nested ${MAX_DEPTH} deep`);
    level = level.flatMap(valuesIn);
  }
}

function valuesIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value;
  const values = Object.values(value);
  if (values.length > MAX_MEMBERS) throw new BadRequestException(`a mapping of a body may have ${MAX_MEMBERS} members`);
  return values;
}
