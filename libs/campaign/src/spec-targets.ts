import { oneOf, text, where } from './leaves.ts';
import { list, mapping, optional, record, required } from './schema.ts';

/** By labels, as Kubernetes says it. */
export const selector = mapping({
  matchLabels: optional(record(text({ max: 255 }))),
  matchExpressions: optional(
    list(
      mapping({
        key: required(text({ max: 255 })),
        operator: required(oneOf(['In', 'NotIn', 'Exists', 'DoesNotExist'])),
        values: optional(list(text({ max: 255 }))),
      }),
    ),
  ),
});

export const exclusion = mapping(
  { where: optional(where), endpoints: optional(list(text({ max: 255 }))), reason: required(text({ max: 500 })) },
  ['endpointsFrom'],
);
