/** Tables: delimiters, headers, quotes, decimal commas; cells named by line and column; damage; real logs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CsvOptions, readCsv } from '../../../host/data/formats/csv.ts';
import { dataRoot } from '../recordings.ts';
import { damaged, expectValueOrLine } from './damage.ts';

const read = (text: string | Uint8Array, options?: CsvOptions) => readCsv(Buffer.from(text), 'x.csv', options);
const columnsOf = (text: string, options?: CsvOptions) =>
  read(text, options).columns.map((column) => column && Array.from<number | string>(column));

describe('tables', () => {
  it.each<[string, string, string]>([
    ['commas', 'x,y\n1,-2.5\n3,4e2\n', ','],
    ['commas and blanks', 'x, y\n1, -2.5\n3, 4e2\n', ','],
    ['semicolons', 'x;y\n1;-2.5\n3;4e2\n', ';'],
    ['semicolons and decimal commas', 'x;y\n1;-2,5\n3;400,0\n', ';'],
    ['tabs', 'x\ty\n1\t-2.5\n3\t400\n', '\t'],
    ['tabs and decimal commas', 'x\ty\n1\t-2,5\n3\t400\n', '\t'],
    ['bars', 'x|y\n1|-2.5\n3|400\n', '|'],
    ['blanks, as many as there are', '  x   y\n  1  -2.5\n 3 \t 400 \n', 'whitespace'],
    ['the number sign of NumPy', '# x y\n1 -2.5\n3 400', 'whitespace'],
    ['the line ends of Windows', 'x,y\r\n1,-2.5\r\n3,400\r\n', ','],
    ['the line ends of old Macs', 'x,y\r1,-2.5\r3,400', ','],
    ['a byte order mark', '\ufeffx,y\n1,-2.5\n3,400', ','],
    ['quotes', '"x","y"\n"1","-2.5"\n3,400', ','],
    ['empty lines', '\nx,y\n\n1,-2.5\n3,400\n\n\n', ','],
    ['a comma too many in each row', 'x,y\n1,-2.5,\n3,400,\n', ','],
    ['a semicolon behind each row, as WISDM has', 'x,y\n1,-2.5;\n3,400;\n', ','],
    ['a semicolon behind each row but no line end', 'x,y\n1,-2.5;\n3,400;', ','],
  ])('with %s give the same numbers', (_, text, delimiter) => {
    expect(read(text)).toMatchObject({ delimiter, names: ['x', 'y'], hasHeader: true, rows: 2 });
    expect(columnsOf(text)).toEqual([
      [1, 3],
      [-2.5, 400],
    ]);
  });

  it('without a header have columns by number', () => {
    expect(read('1;2\n3;4')).toMatchObject({ names: ['column 1', 'column 2'], hasHeader: false, rows: 2 });
    expect(read('walk;2\nrun;4').columns).toEqual([['walk', 'run'], Float64Array.from([2, 4])]);
  });

  it('have names that count, as data frames write them', () => {
    const count = Array.from({ length: 9 }, (_, i) => i).join();
    expect(read(`${count}\n${count}\n`)).toMatchObject({ hasHeader: true, rows: 1, names: count.split(',') });
    expect(read(`label,${count}\nwalk,${count}\n`)).toMatchObject({ hasHeader: true, rows: 1 });
  });

  it('have text where the first row has some, and what is asked for where it is asked', () => {
    const text = 'time,label,x\n10:00,walk,1\n10:01,run,2';
    expect(columnsOf(text)).toEqual([
      ['10:00', '10:01'],
      ['walk', 'run'],
      [1, 2],
    ]);
    const kinds = (names: readonly string[]) =>
      names.map((name) => (name === 'x' ? 'text' : 'skip') as 'text' | 'skip');
    expect(columnsOf(text, { kinds })).toEqual([null, null, ['1', '2']]);
  });

  it('are read as they are told to be', () => {
    expect(read('1;2,3\n4;5,6', { delimiter: ',' }).columns[1]).toEqual(Float64Array.from([3, 6]));
    expect(read('1,2\n3,4', { header: true })).toMatchObject({ names: ['1', '2'], rows: 1 });
    expect(read('a,b\nc,d', { header: false }).columns).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
  });

  it('know on which line of the file each row is', () => {
    expect(Array.from(read('x,y\n\n1,2\n\n3,4').lines)).toEqual([3, 5]);
  });
});

describe('faults', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['an empty file', '', /the file is empty; expected a table of numbers/],
    ['a header alone', 'x,y\n', /expected rows of numbers under the header, got none/],
    ['nothing but blanks', ' \n \n', /expected rows|got/],
    ['an empty cell', 'x,y\n1,2\n3,\n', /line 3, "y": expected a number, got an empty cell; fill it in/],
    ['NaN', 'x,y\n1,2\nNaN,3\n', /line 3, "x": expected a number, got "NaN"/],
    ['infinity', 'x,y\n1,2\n1e999,3\n', /line 3, "x": expected a number, got "1e999"/],
    ['a word', '1;2\n3;4\n5;oops\n', /line 3, "column 2": expected a number, got "oops"/],
    ['thousands in quotes', 'x,y\n1,2\n3,"1,234"\n', /line 3, "y": expected a number, got "1,234"/],
    ['a first line of names or of numbers', ',0,1,2\n0,5,6,7\n', /line 1: .*got "0, 1, 2", which can be either; give/],
    ['a name that two columns have', 'x,x,z\n1,2,3\n', /line 1: two columns are called "x"; give each a name/],
    ['a row that is too short', 'x,y,z\n1,2,3\n4,5\n', /line 3: expected 3 cells as on the first line, got 2/],
    ['a row that is too long', 'x,y\n1,2\n3,4,5\n', /line 3: expected 2 cells as on the first line, got 3/],
    ['a quote out of place', 'x,y\n1,2\n3,"4"5\n', /line 3: .*quote out of place/],
    ['a quote that is left open', 'x,y\n1,"2\n3,4\n', /quote out of place/],
    ['UTF-16', Buffer.from('\ufeffx,y\n1,2', 'utf16le'), /UTF-16; expected UTF-8/],
    ['Latin-1', Buffer.from('gr\xf6\xdfe,y\n1,2', 'latin1'), /another encoding; save it as CSV in UTF-8/],
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0', 'latin1'), /got a PNG image; save it as CSV/],
    ['a digit too many to be quick about', `1,2\n${'1'.repeat(1e6)}x,3`, /line 2, "column 1"/],
  ])('%s is one line that says where', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(expectValueOrLine(() => read(text), 'x.csv')).toBe('line');
  });

  it('damaged tables give numbers or one line', () => {
    const good = Buffer.from('time;x;"y";label\n0,00;1,5;2;walk\n0,05;1,7;3;"run"\n0,10;1,8;-4e1;run\n');
    const outcomes = { value: 0, line: 0 };
    for (const bytes of damaged(good, 2000)) outcomes[expectValueOrLine(() => read(bytes), 'x.csv')]++;
    expect(outcomes.line).toBeGreaterThan(100);
  });
});

describe('real logs', () => {
  const path = join(dataRoot(), 'wisdm', 'sample_1600_first2000_lines.txt');

  it.skipIf(!existsSync(path))('of WISDM are six columns: subject, activity, time in ns, and three of m/s^2', () => {
    const { rows, columns, delimiter } = readCsv(readFileSync(path), path);
    expect([rows, columns.length, delimiter]).toEqual([2000, 6, ',']);
    expect(columns[1]![0]).toBe('A');
    const [x, y, z] = columns.slice(3) as Float64Array[];
    const norms = Array.from(x!, (value, i) => Math.hypot(value, y![i]!, z![i]!));
    expect(norms.reduce((sum, norm) => sum + norm, 0) / rows).toBeGreaterThan(8);
  });
});
