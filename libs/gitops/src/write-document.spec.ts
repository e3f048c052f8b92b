import { expect, it } from '@jest/globals';
import { COST_MODEL_KINDS, costModelSource } from '@drover/campaign';
import { documentText, parseDocuments } from './index.ts';

it.each(COST_MODEL_KINDS)('%s as built in is printed as YAML that reads back equal', (kind) => {
  const source = costModelSource(kind);
  const { documents, faults } = parseDocuments(documentText(source), 'model.yaml');
  expect(faults).toEqual([]);
  expect(documents.map((document) => document.source)).toEqual([source]);
});

it('a figure that is refused is shown at its line', () => {
  const text = documentText(costModelSource('RadioModel')).replace('value: 0.9,', 'value: -0.9,');
  const { faults } = parseDocuments(text, 'model.yaml');
  const line = text.split('\n').findIndex((each) => each.includes('-0.9')) + 1;
  expect(faults).toMatchObject([{ code: 'VALUE_INVALID', file: 'model.yaml', line }]);
});
