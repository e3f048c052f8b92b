import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, type Json } from '@drover/kernel';
import type { RADIO_FIGURES } from '@drover/schedule';
import { DEFAULT_ENERGY_MODEL, DEFAULT_RADIO_MODEL } from '@drover/schedule';
import {
  COST_MODEL_KINDS,
  costModelSource,
  energyModelOf,
  jsonSchemaOf,
  radioModelOf,
  readDocument,
  type CostModelKind,
  type EnergyModelSpec,
  type RadioModelSpec,
} from './index.ts';

const of = (value: number): Json => ({ value, evidence: 'measured', source: 'a bench' });
const documentOf = (kind: CostModelKind, spec: Json): Json => ({ apiVersion: 'drover/v1', kind, metadata: { name: 'm' }, spec });
const radio = (level: Json, bearer = 'NB-IoT'): Json => documentOf('RadioModel', { bearers: { [bearer]: level } });
const energy = (spec: Json): Json => documentOf('EnergyModel', spec);
const faultsOf = (source: Json): string[] => readDocument(source).faults.map(({ code, path }) => `${code} ${path.join('.')}`);
const specOf = (source: Json): unknown => {
  const { document, faults } = readDocument(source);
  expect(faults).toEqual([]);
  return document!.spec;
};

describe('the built-in figures as documents', () => {
  it.each(COST_MODEL_KINDS)('%s reads back as what is built in', (kind) => {
    const spec = specOf(costModelSource(kind));
    if (kind === 'RadioModel') expect(radioModelOf(spec as RadioModelSpec)).toEqual(DEFAULT_RADIO_MODEL);
    else expect(energyModelOf(spec as EnergyModelSpec)).toEqual(DEFAULT_ENERGY_MODEL);
  });

  it('without a document they are in force', () => {
    expect([radioModelOf(undefined), energyModelOf(undefined)]).toEqual([DEFAULT_RADIO_MODEL, DEFAULT_ENERGY_MODEL]);
  });

  it('editors get a schema that says unit and range', () => {
    expect(JSON.stringify(jsonSchemaOf('RadioModel'))).toContain('round trip of an empty exchange, s; 0.001 to 120');
  });
});

describe('a document replaces what it names, and nothing else', () => {
  it('one figure of one level', () => {
    const { bearers, overheadBytes } = radioModelOf(specOf(radio({ ce1: { rttS: of(2.5) } })) as RadioModelSpec);
    const [ce0, ce1, ce2] = DEFAULT_RADIO_MODEL.bearers['NB-IoT'];
    expect(bearers).toEqual({ ...DEFAULT_RADIO_MODEL.bearers, 'NB-IoT': [ce0, { ...ce1, rttS: 2.5 }, ce2] });
    expect(overheadBytes).toBe(DEFAULT_RADIO_MODEL.overheadBytes);
  });

  it('batteries by device class', () => {
    const batteries = [{ deviceClass: 'old', capacityMah: of(3400), lifeYears: of(8) }];
    const { batteries: read, ...rest } = energyModelOf(specOf(energy({ batteries })) as EnergyModelSpec);
    expect(read).toEqual({ old: { capacityMah: 3400, lifeYears: 8 } });
    expect({ ...rest, batteries: {} }).toEqual(DEFAULT_ENERGY_MODEL);
  });

  it('and is shown with its own sources among the built-in ones', () => {
    const shown = costModelSource('RadioModel', radio({ ce0: { rttS: of(0.5) } }));
    expect(shown).toMatchObject({
      metadata: { name: 'm' },
      spec: { bearers: { 'NB-IoT': { ce0: { rttS: of(0.5), phyKbps: { value: 22 } } } } },
    });
    expect(readDocument(shown).faults).toEqual([]);
  });
});

describe('what makes no sense is refused, with its place', () => {
  it.each<[string, Json, string]>([
    ['nothing named', documentOf('RadioModel', {}), 'FIELD_MISSING spec'],
    ['an empty level', radio({ ce0: {} }), 'FIELD_MISSING spec'],
    ['a bearer without a cell', radio({ ce0: { rttS: of(1) } }, 'other'), 'FIELD_UNKNOWN spec.bearers.other'],
    ['a level that is not told apart', radio({ ce3: { rttS: of(1) } }), 'FIELD_UNKNOWN spec.bearers.NB-IoT.ce3'],
    ['zero', radio({ ce0: { rttS: of(0) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce0.rttS.value'],
    ['less than nothing', radio({ ce0: { carrierKbps: of(-1) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce0.carrierKbps.value'],
    ['no number', radio({ ce0: { phyKbps: of(Number.NaN) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce0.phyKbps.value'],
    ['without end', radio({ ce2: { sessionS: of(Number.POSITIVE_INFINITY) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce2.sessionS.value'],
    ['an hour for a round trip', radio({ ce2: { rttS: of(3600) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce2.rttS.value'],
    ['a bare number', radio({ ce0: { rttS: 0.5 } }), 'TYPE_WRONG spec.bearers.NB-IoT.ce0.rttS'],
    ['no source', radio({ ce0: { rttS: { value: 1, evidence: 'measured' } } }), 'FIELD_MISSING spec.bearers.NB-IoT.ce0.rttS'],
    [
      'hearsay',
      radio({ ce0: { rttS: { value: 1, evidence: 'hearsay', source: 'x' } } }),
      'VALUE_INVALID spec.bearers.NB-IoT.ce0.rttS.evidence',
    ],
    ['more uplink than exchange', radio({ ce0: { uplinkS: of(1.2) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce0.uplinkS.value'],
    ['CE1 quicker than the built-in CE0', radio({ ce1: { rttS: of(0.5) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce1.rttS.value'],
    ['CE0 slower than the built-in CE1', radio({ ce0: { phyKbps: of(4) } }), 'VALUE_INVALID spec.bearers.NB-IoT.ce0.phyKbps.value'],
    ['overhead of nothing', documentOf('RadioModel', { overheadBytes: of(0) }), 'VALUE_INVALID spec.overheadBytes.value'],
    ['receiving for less than waiting', energy({ receiveMa: of(20) }), 'VALUE_INVALID spec.receiveMa'],
    ['a battery that sleep empties', energy({ battery: { capacityMah: of(400) } }), 'VALUE_INVALID spec.battery'],
    ['sleep that empties the battery', energy({ idleUa: of(200) }), 'VALUE_INVALID spec.idleUa'],
    [
      'a class with two batteries',
      energy({ batteries: [1, 2].map(() => ({ deviceClass: 'old', capacityMah: of(3400), lifeYears: of(8) })) }),
      'VALUE_INVALID spec.batteries.1.deviceClass',
    ],
    ['half a battery', energy({ batteries: [{ deviceClass: 'old', capacityMah: of(3400) }] }), 'FIELD_MISSING spec.batteries.0'],
  ])('%s', (_what, source, fault) => {
    expect(faultsOf(source)).toContain(fault);
  });
});

it('whatever is accepted is a model that holds, and reads back equal', () => {
  const figure = (name: keyof typeof RADIO_FIGURES) =>
    fc
      .option(fc.double({ min: 0.001, max: 200, noNaN: true }), { nil: undefined })
      .map((value) => (value === undefined ? {} : { [name]: of(value) }));
  const level = fc.tuple(figure('rttS'), figure('uplinkS'), figure('phyKbps')).map((parts) => Object.assign({}, ...parts) as Json);
  fc.assert(
    fc.property(level, level, level, (ce0, ce1, ce2) => {
      const { document } = readDocument(radio({ ce0, ce1, ce2 }));
      if (!document) return;
      const model = radioModelOf(document.spec as RadioModelSpec);
      const levels = model.bearers['NB-IoT'];
      for (const { rttS, uplinkS } of levels) expect(uplinkS).toBeLessThanOrEqual(rttS);
      expect(levels.map(({ rttS }) => rttS)).toEqual(levels.map(({ rttS }) => rttS).toSorted((a, b) => a - b));
      const shown = costModelSource('RadioModel', document.source);
      expect(radioModelOf(specOf(shown) as RadioModelSpec)).toEqual(model);
      expect(canonicalJson(costModelSource('RadioModel', shown))).toBe(canonicalJson(shown));
    }),
  );
});
