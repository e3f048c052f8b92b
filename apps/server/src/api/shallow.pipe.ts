import { type ArgumentMetadata, BadRequestException, type PipeTransform } from '@nestjs/common';

/** Deeper than anything the language or the API knows; far from where the stack ends. */
const MAX_DEPTH = 64;

/** Everything after this walks bodies recursively: what would end the stack ends here, with an answer. */
export class ShallowPipe implements PipeTransform {
  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    if (type === 'body') refuseDeep(value);
    return value;
  }
}

function refuseDeep(value: unknown): void {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new BadRequestException(`a body may be nested ${MAX_DEPTH} deep`);
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
}
