/** Evaluations of a few beats worked out by hand: figures, thresholds, intervals and refusals. */
import { describe, expect, it } from 'vitest';
import { evaluate, type Scored } from '../../host/evaluate/evaluate.ts';
import { renderTable } from '../../host/evaluate/table.ts';

const classNames = ['N', 'S', 'V', 'F', 'Q'];
const metrics = { among: ['N', 'S', 'V'], versusRest: 'V' };

/** A beat of `label` whose winning score is `prediction`, with 0.05 for V unless V wins. */
function beats(rows: [patient: string, label: number, prediction: number][]): Scored {
  return {
    labels: rows.map(([, label]) => label),
    groups: rows.map(([patient]) => patient),
    scores: Float64Array.from(
      rows.flatMap(([, , prediction]) => classNames.map((_, c) => (c === prediction ? 0.8 : 0.05))),
    ),
  };
}

const test = beats([
  ['100', 0, 0],
  ['100', 0, 0],
  ['100', 1, 3], // among N, S, V its scores are equal: N
  ['201', 2, 2],
  ['201', 2, 0],
  ['103', 3, 2],
]);

describe('validation beats', () => {
  const V = 2;
  it.each([
    [
      'without any V',
      [
        ['300', 0, 0],
        ['301', 0, 1],
      ],
      'expected validation windows of the class and of others, got 0 and 2',
    ],
    [
      'of V only',
      [
        ['300', V, V],
        ['301', V, 0],
      ],
      'expected validation windows of the class and of others, got 2 and 0',
    ],
    [
      'with one score',
      [
        ['300', 0, 0],
        ['301', V, 0],
      ],
      'expected at least two different validation scores, got 2 times 0.05',
    ],
  ] as [string, [string, number, number][], string][])(
    '%s give no threshold, and the table says why',
    (_, rows, why) => {
      const result = evaluate({ ...test, classNames, metrics, validation: beats(rows) });
      expect([result.versusRest, result.noThreshold]).toEqual([null, why]);
      expect(result.macroF1.value).toBeGreaterThan(0);
      expect(renderTable(result)).toContain(`no figure at t*: ${why}`);
    },
  );
});

describe('evaluate', () => {
  const result = evaluate({
    ...test,
    classNames,
    metrics,
    validation: beats([
      ['300', 0, 0],
      ['201', 2, 2],
    ]),
  });

  it('counts beats and patients', () => {
    expect([result.n, result.groups]).toEqual([6, 3]);
    expect(result.confusion[2]).toEqual([1, 0, 1, 0, 0]);
    expect(result.perClass[0]).toEqual({ name: 'N', precision: 2 / 3, recall: 1, f1: 0.8, support: 2 });
  });

  it('averages F1 over the classes that occur', () => {
    expect(result.macroF1.value).toBeCloseTo((0.8 + 0 + 0.5 + 0) / 4); // no Q
    expect(result.balancedAccuracy.value).toBeCloseTo((1 + 0 + 0.5 + 0) / 4);
  });

  it('restricts a metric among some classes to windows so labelled and to predictions among these', () => {
    expect(result.among?.classes).toEqual(['N', 'S', 'V']);
    expect(result.among?.macroF1.value).toBeCloseTo((2 / 3 + 0 + 2 / 3) / 3); // F left out, S taken for N
  });

  it('takes t* from validation and applies it to the test', () => {
    expect(result.versusRest?.threshold).toBeCloseTo(0.425);
    expect(result.versusRest?.macroF1.value).toBeCloseTo((0.75 + 0.5) / 2);
  });

  it('tells which groups are in both splits', () => {
    expect(result.sharedGroups).toEqual(['201']);
  });

  it('draws windows of one group together', () => {
    const clustered = evaluate({ ...beats(Array(40).fill(['100', 0, 0])), classNames });
    expect(clustered.accuracy).toEqual({ value: 1, low: 1, high: 1 });
    // one patient all right, one all wrong: a resample is 0, 1/2 or 1 and nothing between
    const rows = Array.from({ length: 40 }, (_, i): [string, number, number] => [`p${i % 2}`, 0, i % 2]);
    const two = evaluate({ ...beats(rows), classNames });
    expect(two.accuracy).toEqual({ value: 0.5, low: 0, high: 1 });
  });

  it('is deterministic', () => {
    expect(evaluate({ ...test, classNames })).toEqual(evaluate({ ...test, classNames }));
  });

  it('has no class against the rest without validation windows, and no metric that the task does not ask for', () => {
    expect(evaluate({ ...test, classNames, metrics }).versusRest).toBeNull();
    expect(evaluate({ ...test, classNames, validation: test })).toMatchObject({ among: null, versusRest: null });
  });

  it.each([
    ['a label out of range', { labels: [9] }, 'label 9 of sample 0: expected a class below 5; count from 0'],
    ['missing scores', { scores: new Float64Array(3) }, 'expected 1 groups and 5 scores for 1 labels, got 1 and 3'],
    [
      'a score that is no number',
      { scores: new Float64Array(5).fill(Number.NaN) },
      'score of sample 0: expected a number, got NaN',
    ],
  ])('refuses %s', (_claim, wrong, message) => {
    expect(() => evaluate({ ...beats([['100', 0, 0]]), ...wrong, classNames })).toThrow(message);
  });
});

it('the table says what was measured on what', () => {
  const table = renderTable(
    evaluate({ ...test, classNames, task: 'ecg', split: 'test', unit: 'beat', group: 'patient' }),
  );
  expect(table).toContain('ecg, test: 6 beats, 3 patients');
  expect(table).toMatch(/^macro-F1 +0\.325 +0\.\d{3} to 0\.\d{3}$/m);
  expect(table).toMatch(/^Q +- +- +- +0$/m);
});
