/** The registries of operators and weight sources, which the compiler holds complete, and the codes behind them. */
import { describe, expect, it } from 'vitest';
import { kindOf, OPERATORS } from '../../host/operators/registry.ts';
import { ImageError } from '../../host/records/view.ts';
import { generatorKind, SOURCES, sourceKind } from '../../host/sources/registry.ts';

describe.each([
  ['operators', OPERATORS, kindOf],
  ['weight sources', SOURCES, sourceKind],
] as const)('codes of %s', (_, kinds, find) => {
  const codes = Object.values(kinds).map(({ code }) => code);

  it('begin with 1, without a gap and none twice', () => {
    expect(codes.toSorted((a, b) => a - b)).toEqual(codes.map((_, i) => i + 1));
  });

  it('lead back to their kind', () => {
    for (const kind of Object.values(kinds)) expect(find({ at: 0, kind: kind.code })).toBe(kind);
  });

  it.each([0, codes.length + 1])('do not include %i, which is refused with its offset', (kind) => {
    expect(() => find({ at: 96, kind })).toThrow(ImageError);
    expect(() => find({ at: 96, kind })).toThrow(`at offset 96: no `);
  });
});

it('stored weights have no generator', () => {
  expect(() => generatorKind({ at: 32, kind: SOURCES.stored.code })).toThrow(
    'generator at offset 32: stored weights have none',
  );
});
