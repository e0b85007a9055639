/** MATLAB files of level 5: both byte orders, compressed or not, every kind of array; what is refused; damage. */
import { describe, expect, it } from 'vitest';
import { type MatValue, readMat } from '../../../host/data/formats/mat.ts';
import { damaged, expectValueOrLine } from './damage.ts';
import { MatWriter } from './matWriter.ts';

const read = (bytes: Uint8Array) => readMat(bytes, 'x.mat');
const little = new MatWriter();
const numbersIn = (value: MatValue | undefined) => (value?.kind === 'numbers' ? Array.from(value.values) : value);

describe('variables', () => {
  it.each([
    ['little-endian', new MatWriter(true)],
    ['big-endian', new MatWriter(false)],
  ])('of a %s file are read by name, last dimension fastest', (_, mat) => {
    const variables = read(
      mat.file(
        mat.array('x', [2, 3], [0, 3, 1, 4, 2, 5]), // of [0 1 2; 3 4 5]
        mat.text('word', 'walk'),
        mat.cells('list', [1, 2], mat.text('', 'run'), mat.array('', [1, 1], [7])),
        mat.structure('s', [1, 1], ['rate', 'name'], mat.array('', [1, 1], [50]), mat.text('', 'acc')),
      ),
    );
    expect(variables.get('x')).toMatchObject({ kind: 'numbers', shape: [2, 3], imaginary: null });
    expect(numbersIn(variables.get('x'))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(variables.get('word')).toEqual({ kind: 'text', shape: [1, 4], rows: ['walk'] });
    const list = variables.get('list')!;
    expect(list.kind === 'cells' && list.cells.map((cell) => cell.kind)).toEqual(['text', 'numbers']);
    const s = variables.get('s')!;
    expect(s.kind === 'structure' && numbersIn(s.elements[0]!.rate)).toEqual([50]);
    expect(s.kind === 'structure' && s.elements[0]!.name).toMatchObject({ rows: ['acc'] });
  });

  it.each(['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'f4', 'f8'])('stored as %s are the same numbers', (as) => {
    expect(numbersIn(read(little.file(little.array('x', [1, 3], [0, 1, 100], as))).get('x'))).toEqual([0, 1, 100]);
  });

  it('that are compressed are the same, one behind another', () => {
    const [x, y] = [little.array('x', [1, 2], [1, 2]), little.array('y', [1, 1], [3])];
    const variables = read(little.file(little.compressed(x), little.compressed(y), x));
    expect([...variables.keys()]).toEqual(['x', 'y']);
    expect(numbersIn(variables.get('y'))).toEqual([3]);
  });

  it('of text have a row a line, in any of its encodings', () => {
    const rows = little.matrix(
      4,
      [2, 3],
      'rows',
      little.numbers(
        'u2',
        Array.from('arbucn', (c) => c.charCodeAt(0)),
      ),
    );
    expect(read(little.file(rows)).get('rows')).toMatchObject({ rows: ['abc', 'run'] });
    for (const as of ['u1', 'u2', 'u4', 'utf8'])
      expect(read(little.file(little.text('t', 'walk', as))).get('t')).toMatchObject({ rows: ['walk'] });
  });

  it('that are complex have an imaginary part', () => {
    const parts = [little.numbers('f8', [1, 2]), little.numbers('f8', [3, 4])];
    const z = read(little.file(little.matrix(6 | 0x0800, [1, 2], 'z', ...parts))).get('z');
    expect(z?.kind === 'numbers' && z.imaginary).toEqual(Float64Array.from([3, 4]));
  });

  it('may be empty', () => {
    const variables = read(little.file(little.array('x', [0, 0], []), little.structure('s', [3, 3], [])));
    expect(numbersIn(variables.get('x'))).toEqual([]);
    expect(variables.get('s')).toMatchObject({ elements: [] });
    const cell = little.cells('c', [1, 1], little.element(14, Buffer.alloc(0)));
    expect(read(little.file(cell)).get('c')).toMatchObject({ cells: [{ kind: 'numbers', shape: [0, 0] }] });
  });
});

/** Cells in cells. */
function nested(depth: number): Buffer {
  let inner = little.array('', [1, 1], [1]);
  for (let i = 0; i < depth; i++) inner = little.cells(i === depth - 1 ? 'deep' : '', [1, 1], inner);
  return inner;
}

describe('faults', () => {
  const x = little.array('x', [1, 2], [1, 2]);

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /empty/],
    ['another file', Buffer.from('hello, world'), /MATLAB file of level 5, got another kind/],
    ['version 7.3', Buffer.from('MATLAB 7.3 MAT-file'.padEnd(200)), /7\.3 \(HDF5\).*-v7/],
    ['HDF5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /7\.3 \(HDF5\)/],
    ['version 2', little.file(x).fill(2, 125, 126), /version 1 of level 5, got 2/],
    ['a file cut short', little.file(x).subarray(0, -4), /it is cut short or damaged/],
    [
      'a sparse matrix',
      little.file(little.matrix(5, [1, 1], 's', little.numbers('f8', [1]))),
      /"s": .*a sparse matrix/,
    ],
    ['an object', little.file(little.matrix(3, [1, 1], 'o')), /"o": .*got an object; save it as numbers/],
    ['a class that is none', little.file(little.matrix(99, [1, 1], 'o')), /class 99/],
    ['one dimension', little.file(little.matrix(6, [3], 'x', little.numbers('f8', [1]))), /2 to 64 dimensions, got 3/],
    ['a thousand dimensions', little.file(little.array('x', Array(1000).fill(1), [1])), /2 to 64 dimensions/],
    ['a negative extent', little.file(little.array('x', [-1, -1], [1])), /dimensions, got -1 x -1/],
    ['fewer numbers than said', little.file(little.array('x', [2, 2], [1])), /"x": expected 2 x 2 elements, got 1/],
    [
      'more cells than can be',
      little.file(little.cells('c', [60000, 60000])),
      /expected 3600000000 cells, got 0 bytes/,
    ],
    [
      'a cell that is no array',
      little.file(little.cells('c', [1, 1], little.numbers('f8', [1]))),
      /cell 1: expected an array/,
    ],
    [
      'damaged deflate',
      little.file(Buffer.concat([little.compressed(x).fill(7, 8)])),
      /deflated data, got damaged data/,
    ],
    ['cells too deep in cells', little.file(nested(40)), /32 levels of cells at most/],
    ['text that is numbers', little.file(little.text('t', 'walk', 'f8')), /"t": expected text/],
  ])('%s is one line that says what to do', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
    expect(expectValueOrLine(() => read(bytes), 'x.mat')).toBe('line');
  });

  it.each([
    ['plain', false],
    ['compressed', true],
  ])('damaged files, %s, give variables or one line', (_, isCompressed) => {
    const all = [
      x,
      little.text('word', 'walk'),
      little.cells('c', [1, 2], x, little.text('', 'run')),
      little.structure('s', [1, 2], ['a', 'b'], x, x, x, x),
    ];
    const good = little.file(...all.map((one) => (isCompressed ? little.compressed(one) : one)));
    const outcomes = { value: 0, line: 0 };
    for (const bytes of damaged(good, 2000)) outcomes[expectValueOrLine(() => read(bytes), 'x.mat')]++;
    expect(outcomes.line).toBeGreaterThan(100);
  });
});
