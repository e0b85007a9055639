/** Tables of figures, without a board. */
import { describe, expect, it } from 'vitest';
import { columns } from '../../host/drawing/columns.ts';
import type { ModelFigure } from '../../host/measure/figures.ts';
import { residencyRows, topologyRows, withoutEmpty } from '../../host/measure/tables.ts';

const figure = (
  model: string,
  residency: ModelFigure['residency'],
  [open, boot, firstInference, perInference, arenaBytes]: number[],
): ModelFigure => ({ model, residency, open, boot, firstInference, perInference, arenaBytes });

const MODELS = [
  figure('ecg-beats', 'flash', [9, 1, 100, 100, 50]),
  figure('ecg-beats', 'boot', [5, 25, 100, 100, 90]),
  figure('ecg-beats', 'stream', [5, 1, 150, 150, 60]),
  figure('kws', 'flash', [200_000, 12_989, 3_820_000, 3_820_000, 11_410]),
];

/** A row by the titles above it. */
const named = ([titles, ...rows]: (string | number)[][], i: number) =>
  Object.fromEntries(titles.map((title, column) => [title, rows[i][column]]));

describe('the table of residencies', () => {
  const rows = residencyRows(MODELS);

  it('has only networks that were measured with generated weights', () => {
    expect(rows.slice(1).map(([model, residency]) => `${model} ${residency}`)).toEqual([
      'ecg-beats flash',
      'ecg-beats boot',
      'ecg-beats stream',
    ]);
  });

  it('puts an inference beside that with stored weights and that with cached ones, and boot beside an inference', () => {
    expect(named(rows, 1)).toMatchObject({ boot: 25, 'inf. / flash': '1.00', 'boot / inf.': '0.25' });
    expect(named(rows, 2)).toMatchObject({ inference: 150, 'inf. / flash': '1.50', 'inf. / boot': '1.50' });
  });
});

describe('the table of MLPerf Tiny', () => {
  it('puts load beside AllocateTensors, every figure before its ratio, and open by itself', () => {
    const [, row] = topologyRows(MODELS, 'M7');
    expect(row).toEqual([
      'kws',
      2_656_768,
      '1.44',
      ...[3_820_000, 7_640_000, '0.50'],
      ...[12_989, 259_771, '0.050'],
      ...[11_410, 22_820, '0.50'],
      200_000,
    ]);
  });

  it('leaves columns out that have nothing to compare with', () => {
    expect(withoutEmpty(topologyRows(MODELS, 'M3'))[0]).toEqual([
      'network',
      'MACs',
      'per MAC',
      'inference',
      'load',
      'arena bytes',
      'open',
    ]);
  });
});

describe('columns', () => {
  it('puts numbers, and titles over numbers, to the right, also numbers that are text already', () => {
    const rows = [
      ['name', 'count', 'ratio'],
      ['a', 1234, '0.50'],
      ['long', 5, '12.25'],
    ];
    expect(columns(rows)).toBe('name  count  ratio\na     1,234   0.50\nlong      5  12.25');
    expect(
      columns([
        ['a', '5.0 %'],
        ['b', '-12.5 %'],
      ]),
    ).toBe('a    5.0 %\nb  -12.5 %');
    expect(
      columns([
        ['x', 'n'],
        ['y', 100],
      ]),
    ).toBe('x    n\ny  100');
  });
});
