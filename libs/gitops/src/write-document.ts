import { Document, isMap, visit } from 'yaml';
import type { Json } from '@drover/kernel';

/** A document as YAML that reads back equal: values with where they come from on one line each. */
export function documentText(source: Json): string {
  const document = new Document(source);
  visit(document, {
    Map: (_key, node) => {
      if (isMap(node) && node.has('value')) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
