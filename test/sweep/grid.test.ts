/** Grids become lists of runs, in an order in which each can be trained; wrong ones are refused in one line. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGrid } from '../../host/sweep/grid.ts';
import { formatted } from '../../host/sweep/record.ts';
import { UsageError } from '../../host/system/errors.ts';
import { BOTH, SERIES, written } from './grids.ts';

const folder = mkdtempSync(join(tmpdir(), 'grid-'));
written(folder, BOTH, 'both.json');
const THREE = { ...SERIES, name: 'three', tasks: 'without-each' };
const onThree = (seed: number) => ({ ...SERIES, name: 'fourth', tasks: 'each', seeds: [seed], basis: 'three' });
const grid = (...series: object[]) => readGrid(written(folder, { name: 'g', records: 'records', series }));
const idsOf = (...series: object[]): string[] => grid(...series).runs.map(({ id }) => id);

describe('the runs of a grid', () => {
  it('are one for each seed, variant and choice of tasks, the first seed of everything before the second', () => {
    const ids = idsOf(
      { ...SERIES, name: 'a', seeds: [1, 2], variants: { x: {}, y: {} } },
      { ...SERIES, name: 'b', seeds: [1, 2], tasks: 'each' },
      { ...SERIES, name: 'c', seeds: [2], tasks: 'without-each' },
    );
    expect(ids).toEqual([
      ...['a.x.s1', 'a.y.s1', 'b.motion.s1', 'b.tones.s1'],
      ...['a.x.s2', 'a.y.s2', 'b.motion.s2', 'b.tones.s2', 'c.without-motion.s2', 'c.without-tones.s2'],
    ]);
  });

  it('come behind that whose basis they take: of the same seed, without their tasks', () => {
    const { runs } = grid(
      { ...SERIES, name: 'fourth', tasks: 'each', seeds: [1, 2], basis: 'three' },
      { ...SERIES, name: 'three', tasks: 'without-each', seeds: [1, 2] },
    );
    expect(Object.fromEntries(runs.flatMap(({ id, basis }) => (basis === null ? [] : [[id, basis]])))).toEqual({
      'fourth.motion.s1': 'three.without-motion.s1',
      'fourth.tones.s1': 'three.without-tones.s1',
      'fourth.motion.s2': 'three.without-motion.s2',
      'fourth.tones.s2': 'three.without-tones.s2',
    });
    for (const { id, basis } of runs)
      if (basis !== null)
        expect(runs.findIndex((run) => run.id === basis)).toBeLessThan(runs.findIndex((run) => run.id === id));
  });

  it('come behind those that teach them: one for each program, of the same seed and of its task alone', () => {
    const { runs } = grid(
      { ...SERIES, name: 'pupils', seeds: [1, 2], teacher: { method: 'one', weight: 0.5 } },
      { ...SERIES, name: 'one', tasks: 'each', seeds: [1, 2] },
    );
    expect(Object.fromEntries(runs.flatMap(({ id, lesson }) => (lesson === null ? [] : [[id, lesson]])))).toEqual({
      'pupils.s1': { teachers: { motion: 'one.motion.s1', tones: 'one.tones.s1' }, temperature: 2, weight: 0.5 },
      'pupils.s2': { teachers: { motion: 'one.motion.s2', tones: 'one.tones.s2' }, temperature: 2, weight: 0.5 },
    });
    expect(runs.map(({ id }) => id).indexOf('pupils.s1')).toBe(2);
  });

  it('have the channels, methods, epochs and seed that the grid says, in every network', () => {
    const [{ configuration }] = grid({
      ...SERIES,
      name: 'a',
      seeds: [7],
      epochs: 5,
      width: 0.5,
      methods: { pw1: { kind: 'int8' } },
    }).runs as unknown as [
      { configuration: { seed: number; epochs: number; network: { layers: { channels: number }[] } } },
    ];
    expect(configuration).toMatchObject({ seed: 7, epochs: 5 });
    expect(configuration.network).toMatchObject({
      layers: [{ channels: 4 }, { channels: 8 }, { channels: 12 }, { channels: 12 }],
      methods: { pointwise: { kind: 'basis' }, pw1: { kind: 'int8' } },
    });
  });

  it('of a task alone have as many steps of training as all tasks together', () => {
    const { runs } = grid({ ...SERIES, name: 'a', seeds: [1], epochs: 3, tasks: 'each' });
    // of 64 and 128 windows: 4 and 8 steps of 16
    expect(runs.map(({ id, configuration }) => [id, configuration.epochs])).toEqual([
      ['a.motion.s1', 6],
      ['a.tones.s1', 3],
    ]);
  });

  it('of a configuration of one task have it as their only program', () => {
    const { tasks, ...schedule } = BOTH;
    written(folder, { ...schedule, ...tasks[0], name: 'solo' }, 'solo.json');
    const config = 'solo.json';
    expect(idsOf({ name: 'a', config, seeds: [1] })).toEqual(['a.s1']);
    expect(grid({ name: 'a', config, seeds: [1], tasks: 'each' }).runs[0]).toMatchObject({ programs: ['solo'] });
  });
});

describe('a grid is refused with', () => {
  it.each<[what: string, series: object[], says: string]>([
    ['no series', [], 'series: expected a list of series, got []'],
    ['an unknown field', [{ ...SERIES, sedes: [1] }], 'series.0.sedes: unknown; did you mean "seeds"?'],
    ['a seed that is none', [{ ...SERIES, seeds: ['1'] }], 'series.0.seeds.0: expected a whole number from 0'],
    ['a dot in a name', [{ ...SERIES, name: 'a.b' }], 'series.0.name: expected a name of letters, digits and -'],
    ['a path as a name', [{ ...SERIES, name: '../a' }], 'series.0.name: expected a name of letters, digits and -'],
    ['a path as a variant', [{ ...SERIES, variants: { '../x': {} } }], 'series.0.variants: expected names of letters'],
    ['a width of 0', [{ ...SERIES, width: 0 }], 'series.0.width: expected a number above 0'],
    ['unknown tasks', [{ ...SERIES, tasks: ['nix'] }], 'series.0.tasks: expected some of motion, tones, got "nix"'],
    ['another word for tasks', [{ ...SERIES, tasks: 'all' }], 'series.0.tasks: expected one of together, each,'],
    ['two series of one name', [SERIES, SERIES], 'series.1: run a.s1 is there twice'],
    ['a seed twice', [{ ...SERIES, seeds: [1, 1] }], 'run a.s1 is there twice'],
    ['a basis that there is not', [{ ...SERIES, tasks: 'each', basis: 'nix' }], 'series.0.basis: expected a method of'],
    ['a basis of another seed', [onThree(2), THREE], 'got "three", of which 0 are'],
    ['a basis that has the task', [{ ...SERIES, name: 'b', basis: 'a' }, SERIES], 'is without motion, tones, got "a"'],
    [
      'a teacher of several tasks',
      [{ ...SERIES, name: 'b', teacher: { method: 'a' } }, SERIES],
      'is of motion alone, got',
    ],
    [
      'bases that need each other',
      [
        { ...SERIES, name: 'a', tasks: ['motion'], basis: 'b' },
        { ...SERIES, name: 'b', tasks: ['tones'], basis: 'a' },
      ],
      'run a.s1: takes its basis or its teacher from itself',
    ],
    ['a method that there is not', [{ ...SERIES, methods: { pointwise: { kind: 'int5' } } }], 'run a.s1: '],
    ['a configuration that there is not', [{ ...SERIES, config: 'nix.json' }], 'nix.json: '],
  ])('%s, in one line', (_, series, says) => {
    expect(() => grid(...series)).toThrow(UsageError);
    expect(() => grid(...series)).toThrow(says);
    expect(() => grid(...series)).not.toThrow('\n');
  });

  it.each([
    ['nothing in it', '', 'the file is empty; expected JSON'],
    ['half of it', '{ "name": "g", ', 'is it cut short?'],
    ['a list', '[]', 'expected an object, got []'],
  ])('%s, in one line', (_, text, says) => {
    const path = join(folder, 'wrong.json');
    writeFileSync(path, text);
    expect(() => readGrid(path)).toThrow(says);
  });
});

describe('records as text', () => {
  it('are the same JSON, in lines of at most 120 characters where no single value is longer', () => {
    const value = {
      run: 'a',
      none: undefined,
      empty: [{}, []],
      long: Array.from({ length: 60 }, (_, i) => i / 7),
      nested: { text: '{ [ "', list: Array.from({ length: 9 }, (_, i) => ({ name: `item ${i}`, value: i })) },
    };
    const text = formatted(value);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
  });
});
