/** The registries of operators and weight sources, which the compiler holds complete, and the codes behind them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kindOf, OPERATORS } from '../../host/operators/registry.ts';
import { ImageError } from '../../host/records/view.ts';
import { generatorKind, SOURCES, sourceKind } from '../../host/sources/registry.ts';
import { FIXTURES } from '../sources.ts';

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

describe('kinds of weight sources', () => {
  it.each(Object.entries(SOURCES))('%s has the code of its file in assembly/weights/', (name, { code }) => {
    const text = readFileSync(join('assembly', 'weights', `${name}.ts`), 'utf8');
    expect(text).toContain(`\nexport const ${name.toUpperCase()}: u32 = ${code};\n`);
  });

  it('end where the device ends', () => {
    const [, last] = /LAST_SOURCE_KIND: u32 = (\w+);/.exec(readFileSync('assembly/weights/dispatch.ts', 'utf8'))!;
    const codes = Object.values(SOURCES).map(({ code }) => code);
    expect(SOURCES[last.toLowerCase() as keyof typeof SOURCES].code).toBe(Math.max(...codes));
  });

  it('have a file each in test/sources/', () => {
    expect(Object.keys(FIXTURES).sort()).toEqual(Object.keys(SOURCES).sort());
  });
});

it('stored weights have no generator', () => {
  expect(() => generatorKind({ at: 32, kind: SOURCES.stored.code })).toThrow(
    'generator at offset 32: stored weights have none',
  );
});
