/** Files that people have as inputs of a program: the integers that come of them, and the one line for what is wrong. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { turned } from '../../host/inputs/orientation.ts';
import { resized } from '../../host/inputs/pictures.ts';
import { readInputSet } from '../../host/inputs/read.ts';
import { DEFAULTS, type ReadOptions } from '../../host/inputs/wanted.ts';
import type { Port } from '../../host/runtime/ports.ts';
import { elements, npy } from '../data/formats/npyWriter.ts';
import { wav } from '../data/formats/wavWriter.ts';
import { zip } from '../data/formats/zipWriter.ts';
import { fileOf, floats, folderOf, interlaced, jpg, pixelPort, png, port, withOrientation } from './files.ts';

const read = (path: string, of: Port, options: Partial<ReadOptions> = {}) =>
  readInputSet(path, [of], { ...DEFAULTS, ...options });

/** The integers of each input. */
const integers = (inputs: readonly Uint8Array[], type: Port['type'] = 'int8'): number[][] =>
  inputs.map((bytes) => {
    const { buffer } = Uint8Array.from(bytes);
    return [...(type === 'int8' ? new Int8Array(buffer) : new Int16Array(buffer))];
  });

const FOUR = port([1, 4, 1]);
const BYTES = [-128, -1, 0, 127];
const i1 = (shape: number[], values: number[]) => npy('|i1', shape, elements('writeInt8', 1, values));

describe('an array', () => {
  it.each<[what: string, file: Buffer, expected: number[][]]>([
    ['of real values is quantised by scale and zero point', floats([1, 4], [0, 1, -1, 10]), [[3, 5, 1, 23]]],
    ['of the type of the input is taken as it is', i1([1, 4], BYTES), [BYTES]],
    ['of one input needs no first dimension', floats([4], [0, 0, 0, 1]), [[3, 3, 3, 5]]],
    [
      'of several inputs is cut along its first dimension',
      i1([2, 2, 2], [...BYTES, 1, 2, 3, 4]),
      [BYTES, [1, 2, 3, 4]],
    ],
  ])('%s', (_, file, expected) => {
    expect(integers(read(fileOf('x.npy', file), FOUR).inputs)).toEqual(expected);
  });

  it('of bytes is pixels to an input whose range is that of pixels', () => {
    const bytes = npy('|u1', [1, 1, 3], new Uint8Array([0, 128, 255]));
    expect(integers(read(fileOf('x.npy', bytes), pixelPort(1, 1, 3)).inputs)).toEqual([[-128, 0, 127]]);
  });

  it('beyond the range of the input is saturated, and that is said', () => {
    const { inputs, notes } = read(fileOf('x.npy', floats([4], [1000, 0, 0, -1000])), FOUR);
    expect(integers(inputs)).toEqual([[127, 3, 3, -128]]);
    expect(notes).toEqual(['x.npy: 2 values of 4 beyond the range of the input (-65.5 to 62), saturated']);
  });

  it('in an archive is told by its first bytes, as through a pipe', () => {
    const archive = zip([{ name: 'x.npy', content: i1([2, 4], [...BYTES, ...BYTES]) }]);
    expect(read(fileOf('no extension', archive), FOUR).inputs.length).toBe(2);
  });

  it('in an archive comes with its labels and groups', () => {
    const file = fileOf(
      'set.npz',
      zip([
        { name: 'specs.npy', content: i1([2, 4], [...BYTES, ...BYTES]) },
        { name: 'labels.npy', content: npy('<i4', [2], elements('writeInt32LE', 4, [7, 0])) },
        { name: 'speaker.npy', content: npy('<U3', [2], Buffer.from('a\0\0\0b\0\0\0c\0\0\0d\0\0\0e\0\0\0f\0\0\0')) },
      ]),
    );
    expect(read(file, FOUR)).toMatchObject({ labels: ['7', '0'], groups: ['abc', 'def'] });
  });
});

describe('a picture', () => {
  const red = png(2, 2, () => [255, 0, 0]);
  const left = png(4, 2, (x) => (x < 2 ? [255, 255, 255] : [0, 0, 0]));

  it.each<[what: string, of: Port, file: Uint8Array, expected: number[]]>([
    [
      'has its channels last',
      pixelPort(2, 2, 3),
      red,
      [127, -128, -128, 127, -128, -128, 127, -128, -128, 127, -128, -128],
    ],
    ['is grey by the weights of BT.601 where the input has one channel', pixelPort(2, 2, 1), red, [-52, -52, -52, -52]],
    ['of an input from -1 to 1 has black at -1', port([2, 2, 1], 2 / 255, -1), red, [-53, -53, -53, -53]],
    ['of an input from 0 to 255 has its pixels less 128', port([2, 2, 1], 1, -128), red, [-52, -52, -52, -52]],
  ])('%s', (_, of, file, expected) => {
    const [values] = integers(read(fileOf('a.png', file), of).inputs);
    expect(values).toEqual(expected);
  });

  it('of JPEG is the same within what JPEG loses', () => {
    const [values] = integers(read(fileOf('a.jpg', jpg(2, 2, [200, 100, 50])), pixelPort(2, 2, 3)).inputs);
    expect(values!.slice(0, 3).map((q, i) => Math.abs(q + 128 - [200, 100, 50][i]!) <= 2)).toEqual([true, true, true]);
  });

  it.each([
    [1, [0, 1, 2, 3, 4, 5]],
    [2, [2, 1, 0, 5, 4, 3]],
    [3, [5, 4, 3, 2, 1, 0]],
    [4, [3, 4, 5, 0, 1, 2]],
    [5, [0, 3, 1, 4, 2, 5]],
    [6, [3, 0, 4, 1, 5, 2]],
    [7, [5, 2, 4, 1, 3, 0]],
    [8, [2, 5, 1, 4, 0, 3]],
  ])('of EXIF orientation %i is seen as Pillow and cameras turn it', (orientation, expected) => {
    const stored = { width: 3, height: 2, channels: 1, pixels: Uint8Array.from([0, 1, 2, 3, 4, 5]) };
    expect([...turned(stored, orientation).pixels]).toEqual(expected);
  });

  it.each(['II', 'MM'])('of JPEG is turned as its EXIF says in either byte order (%s), and that is said', (order) => {
    const file = withOrientation(jpg(1, 2, [9, 9, 9]), 6, order);
    const { inputs, notes } = read(fileOf('a.jpg', file), pixelPort(2, 1, 1)); // one row of two pixels
    expect(inputs.length).toBe(1);
    expect(notes).toEqual([expect.stringContaining('turned as their EXIF says')]);
  });

  it('is resized on demand, without passing over a pixel', () => {
    const { inputs } = read(fileOf('a.png', left), pixelPort(2, 1, 1), { resize: true });
    expect(integers(inputs)).toEqual([[91, -92]]);
  });

  it('of one color stays so in any size', () => {
    const picture = { width: 7, height: 5, channels: 1, pixels: new Float64Array(35).fill(200) };
    for (const [width, height] of [
      [3, 2],
      [20, 11],
      [7, 1],
    ] as const)
      expect(new Set(resized(picture, width, height).pixels)).toEqual(new Set([200]));
  });
});

describe('a table', () => {
  it('has an input a row, with labels and groups in columns of these names', () => {
    const set = read(fileOf('x.csv', 'a,b,c,d,label,speaker\n0,1,-1,10,yes,anna\n0,0,0,0,no,ben\n'), FOUR);
    expect(set).toMatchObject({ labels: ['yes', 'no'], groups: ['anna', 'ben'] });
    expect(integers(set.inputs)).toEqual([
      [3, 5, 1, 23],
      [3, 3, 3, 3],
    ]);
  });

  it('has a position a row where its columns are channels', () => {
    const rows = Array.from({ length: 9 }, (_, t) => `${t},${-t}`).join('\n');
    const set = read(fileOf('x.csv', `x,y\n${rows}\n`), port([1, 4, 2], 1, 0, 'int16'));
    expect(integers(set.inputs, 'int16')).toEqual([
      [0, 0, 1, -1, 2, -2, 3, -3],
      [4, -4, 5, -5, 6, -6, 7, -7],
    ]);
  });
});

describe('sound', () => {
  const samples = Int16Array.from([0, 100, -100, 32767, 1, 2, 3, 4]);
  const PCM = port([1, 4, 1], 1 / 32768, 0, 'int16');

  it('is cut into windows, at the rate that the image says', () => {
    const set = read(fileOf('a.wav', wav(samples, { rate: 8000 })), PCM, { rate: 8000 });
    expect(integers(set.inputs, 'int16')).toEqual([
      [0, 100, -100, 32767],
      [1, 2, 3, 4],
    ]);
  });

  it('of two channels is taken from the first, and that is said', () => {
    const set = read(fileOf('a.wav', wav(samples, { rate: 8000, channels: 2 })), PCM, { rate: 8000 });
    expect(integers(set.inputs, 'int16')).toEqual([[0, -100, 1, 3]]);
    expect(set.notes).toEqual(['of 2 channels of sound the first is taken']);
  });

  it('that is too short is padded on demand', () => {
    const file = fileOf('a.wav', wav(samples.subarray(0, 2), { rate: 8000 }));
    expect(integers(read(file, PCM, { rate: 8000, short: 'pad' }).inputs, 'int16')).toEqual([[0, 100, 0, 0]]);
  });
});

describe('a folder', () => {
  it('of folders has a class each, and a file is a group', () => {
    const folder = folderOf({ 'no/1.npy': i1([4], BYTES), 'yes/1.npy': i1([2, 4], [...BYTES, ...BYTES]) });
    expect(read(folder, FOUR)).toMatchObject({
      labels: ['no', 'yes', 'yes'],
      groups: ['no/1.npy', 'yes/1.npy', 'yes/1.npy'],
      names: ['no/1.npy', 'yes/1.npy: 1.npy[0]', 'yes/1.npy: 1.npy[1]'],
    });
  });

  it('whose names say whose the files are is grouped by them', () => {
    const folder = folderOf({ 'no/anna_1.npy': i1([4], BYTES), 'yes/anna_1.npy': i1([4], BYTES) });
    expect(read(folder, FOUR, { group: '^[^/]+/([^_]+)_' }).groups).toEqual(['anna', 'anna']);
  });

  it('with x.npy and y.npy is one set', () => {
    const folder = folderOf({ 'x.npy': i1([1, 4], BYTES), 'y.npy': npy('|u1', [1], new Uint8Array([2])) });
    expect(read(folder, FOUR)).toMatchObject({ labels: ['2'], inputs: { length: 1 } });
  });
});

describe('what is wrong is one line with the file, what, and what to do', () => {
  const PCM = port([1, 4, 1], 1 / 32768, 0, 'int16');
  it.each<
    [what: string, name: string, content: string | Uint8Array, of: Port, options: Partial<ReadOptions>, says: RegExp]
  >([
    [
      'numbers that are no inputs',
      'x.npy',
      floats([5], [1, 2, 3, 4, 5]),
      FOUR,
      {},
      /expected \[n, ...\] with 4 values \(1 x 4 x 1\) each.*reshape/,
    ],
    [
      'an array with its channels first',
      'x.npy',
      i1([2, 3, 2, 4], Array(48).fill(1)),
      port([2, 4, 3]),
      {},
      /expected \[n, ...\] with 24 values \(2 x 4 x 3\) each.*got an array of 2 x 3 x 2 x 4; .*into that order/,
    ],
    [
      'an archive with two sets',
      'x.npz',
      zip(['x_train', 'x_test'].map((name) => ({ name: `${name}.npy`, content: i1([4], BYTES) }))),
      FOUR,
      {},
      /expected one array of a kind, got "x_train" and "x_test"; save one set/,
    ],
    [
      'a number that is none',
      'x.npy',
      floats([4], [1, 2, Number.NaN, 4]),
      FOUR,
      {},
      /input 0: expected numbers, got NaN; mend/,
    ],
    [
      'an archive without x',
      'x.npz',
      zip([
        { name: 'a.npy', content: i1([4], BYTES) },
        { name: 'b.npy', content: i1([4], BYTES) },
      ]),
      FOUR,
      {},
      /expected an array x.*got "a", "b"; name them so/,
    ],
    ['raw bytes that are no inputs', 'x.bin', new Uint8Array(7), FOUR, {}, /expected inputs of 4 bytes.*3 too many/],
    [
      'a picture of another size',
      'a.png',
      png(3, 2, () => [0, 0, 0]),
      pixelPort(2, 2, 1),
      {},
      /expected a picture of 2 x 2.*got 3 x 2.*--resize/,
    ],
    [
      'a picture that lets something through',
      'a.png',
      png(2, 2, () => [0, 0, 0, 9]),
      pixelPort(2, 2, 1),
      {},
      /not opaque; put the picture on a background/,
    ],
    [
      'a picture for an input of no pixels',
      'a.png',
      png(2, 2, () => [0, 0, 0]),
      port([2, 2, 1]),
      {},
      /takes values from -65.5 to 62.*--pixels/,
    ],
    [
      'a picture of nothing',
      'a.png',
      new Uint8Array(),
      pixelPort(2, 2, 1),
      {},
      /the file is empty; expected a PNG or JPEG picture/,
    ],
    [
      'an interlaced picture that unpacks to more than its size',
      'a.png',
      interlaced(2, 2, new Uint8Array(1 << 20)),
      pixelPort(2, 2, 1),
      {},
      /cannot be unpacked \(more data than its size says\)/,
    ],
    [
      'a damaged picture',
      'a.png',
      png(2, 2, () => [0, 0, 0]).subarray(0, 50),
      pixelPort(2, 2, 1),
      {},
      /PNG picture cannot be unpacked \(.+\); save it again/,
    ],
    [
      'a damaged JPEG',
      'a.jpg',
      jpg(2, 2, [1, 2, 3]).subarray(0, 30),
      pixelPort(2, 2, 1),
      {},
      /JPEG picture cannot be unpacked \(.+\); save it again/,
    ],
    [
      'sound without a rate',
      'a.wav',
      wav(new Int16Array(4), { rate: 8000 }),
      PCM,
      {},
      /does not say the rate of its input; give --rate/,
    ],
    [
      'sound of another rate',
      'a.wav',
      wav(new Int16Array(4), { rate: 8000 }),
      PCM,
      { rate: 16000 },
      /expected 16000 Hz, got 8000 Hz.*--resample/,
    ],
    [
      'sound that is too short',
      'a.wav',
      wav(new Int16Array(3), { rate: 8000 }),
      PCM,
      { rate: 8000 },
      /expected 4 positions or more.*--short pad/,
    ],
    [
      'sound for an input of features',
      'a.wav',
      wav(new Int16Array(4), { rate: 8000 }),
      port([2, 2, 1]),
      { rate: 8000 },
      /expected features.*got sound; compute them/,
    ],
    [
      'a table of other columns',
      'x.csv',
      'a,b\n1,2\n',
      FOUR,
      {},
      /expected 4 columns of numbers, a row an input, or 1.*got 2/,
    ],
  ])('%s', (_, name, content, of, options, says) => {
    const path = fileOf(name, content);
    let message = '';
    try {
      read(path, of, options);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(says);
    expect(message).toContain(name);
    expect(message).not.toContain('\n');
  });

  it('several inputs are not guessed out of an array', () => {
    const file = fileOf('x.npy', i1([4], BYTES));
    expect(() => readInputSet(file, [FOUR, FOUR], DEFAULTS)).toThrow(
      /expected raw tensors, as the program has 2 inputs/,
    );
    expect(
      readInputSet(join(folderOf({ 'x.bin': new Uint8Array(16) }), 'x.bin'), [FOUR, FOUR], DEFAULTS).inputs.length,
    ).toBe(2);
  });
});
