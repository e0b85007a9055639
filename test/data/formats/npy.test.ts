/** NumPy's files: every type, version and order; archives; what is refused; damage. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNpy, readNpz } from '../../../host/data/formats/npy.ts';
import { dataRoot } from '../recordings.ts';
import { damaged, expectValueOrLine } from './damage.ts';
import { elements, npy } from './npyWriter.ts';
import { zip } from './zipWriter.ts';

const read = (bytes: Uint8Array) => readNpy(bytes, 'x.npy');
const f4 = (values: number[]) => elements('writeFloatLE', 4, values);

describe('elements', () => {
  it.each<[string, Uint8Array, number[]]>([
    ['|i1', elements('writeInt8', 1, [-128, 127]), [-128, 127]],
    ['|u1', Buffer.from([0, 255]), [0, 255]],
    ['|b1', Buffer.from([0, 1]), [0, 1]],
    ['<i2', elements('writeInt16LE', 2, [-32768, 1]), [-32768, 1]],
    ['>i2', elements('writeInt16BE', 2, [-32768, 1]), [-32768, 1]],
    ['<u2', elements('writeUInt16LE', 2, [65535, 1]), [65535, 1]],
    ['>u4', elements('writeUInt32BE', 4, [4294967295, 1]), [4294967295, 1]],
    ['<i4', elements('writeInt32LE', 4, [-2147483648, 1]), [-2147483648, 1]],
    ['<i8', elements('writeBigInt64LE', 8, [-5n, 9007199254740991n]), [-5, 9007199254740991]],
    ['>i8', elements('writeBigInt64BE', 8, [-5n, 1n]), [-5, 1]],
    ['<f4', f4([0.5, -1.25]), [0.5, -1.25]],
    ['>f4', elements('writeFloatBE', 4, [0.5, -1.25]), [0.5, -1.25]],
    ['<f8', elements('writeDoubleLE', 8, [0.1, Number.POSITIVE_INFINITY]), [0.1, Number.POSITIVE_INFINITY]],
    // sign, exponent, fraction: 1, -2, the largest, the smallest subnormal, infinity
    [
      '<f2',
      elements('writeUInt16LE', 2, [0x3c00, 0xc000, 0x7bff, 1, 0x7c00]),
      [1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY],
    ],
  ])('of type %s come as numbers', (descr, data, values) => {
    expect(Array.from<number | string>(read(npy(descr, [values.length], data)).values)).toEqual(values);
  });

  it.each([
    ['<U3', Buffer.from('w\0\0\0a\0\0\0\0\0\0\0r\0\0\0u\0\0\0n\0\0\0', 'latin1')],
    ['>U3', Buffer.from('\0\0\0w\0\0\0a\0\0\0\0\0\0\0r\0\0\0u\0\0\0n', 'latin1')],
    ['|S3', Buffer.from('wa\0run')],
  ])('of type %s come as text', (descr, data) => {
    expect(read(npy(descr, [2], data)).values).toEqual(['wa', 'run']);
  });
});

describe('arrays', () => {
  it.each([1, 2, 3] as const)('of version %d are read', (version) => {
    expect(read(npy('<f4', [2, 1], f4([1, 2]), { version }))).toEqual({
      shape: [2, 1],
      descr: '<f4',
      values: Float32Array.from([1, 2]),
    });
  });

  it('in Fortran order come out last dimension fastest', () => {
    const columns = [0, 3, 1, 4, 2, 5]; // of [[0, 1, 2], [3, 4, 5]]
    expect(Array.from<number | string>(read(npy('<f4', [2, 3], f4(columns), { fortran: true })).values)).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    const cube = [0, 4, 2, 6, 1, 5, 3, 7];
    expect(Array.from<number | string>(read(npy('<f4', [2, 2, 2], f4(cube), { fortran: true })).values)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  it('may be of one number, or of none', () => {
    expect(read(npy('<f4', [], f4([7])))).toMatchObject({ shape: [], values: Float32Array.from([7]) });
    expect(read(npy('<f4', [0, 3], f4([])))).toMatchObject({ shape: [0, 3], values: new Float32Array() });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /empty/],
    ['another file', Buffer.from('hello, world'), /expected a NumPy array.*numpy\.save/],
    ['a version to come', npy('<f4', [1], f4([1])).fill(9, 6, 7), /version: expected 1, 2 or 3, got 9/],
    ['Python objects', npy('|O', [1], Buffer.alloc(8)), /pickled Python objects, which can run code/],
    ['complex numbers', npy('<c8', [1], Buffer.alloc(8)), /expected numbers .*got "<c8"; convert it with \.astype/],
    [
      'a structure',
      npy('', [1], f4([1]), { header: "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }" }),
      /structured array/,
    ],
    [
      'no shape',
      npy('', [1], f4([1]), { header: "{'descr': '<f4', 'fortran_order': False, }" }),
      /header: expected descr/,
    ],
    ['too few bytes', npy('<f4', [3], f4([1, 2])), /shape \(3\) and type <f4: expected 12 bytes, got 8/],
    ['too many bytes', npy('<f4', [1], f4([1, 2])), /expected 4 bytes, got 8/],
    ['more than there can be', npy('<f4', [1e15, 1e15, 1e15], f4([])), /got 0; save it again/],
    ['a thousand dimensions', npy('<f4', Array(1000).fill(1), f4([1])), /64 dimensions at most, got 1000/],
    ['text without length', npy('<U0', [1e9], f4([])), /got "<U0"/],
  ])('refuse %s in one line', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
    expect(expectValueOrLine(() => read(bytes), 'x.npy')).toBe('line');
  });

  it('that are damaged give numbers or one line, and never more of them than there are bytes', () => {
    const outcomes = { value: 0, line: 0 };
    for (const bytes of damaged(npy('<f4', [2, 3], f4([1, 2, 3, 4, 5, 6]), { fortran: true, version: 2 }), 3000))
      outcomes[expectValueOrLine(() => expect(read(bytes).values.length).toBeLessThanOrEqual(bytes.length), 'x.npy')]++;
    expect(outcomes.value).toBeGreaterThan(100);
    expect(outcomes.line).toBeGreaterThan(100);
  });
});

describe('archives', () => {
  const x = npy('<f4', [2], f4([1, 2]));
  const readAll = (bytes: Uint8Array) => readNpz(bytes, 'x.npz');

  it.each([false, true])('with entries stored or deflated (%s) give arrays by name', (deflated) => {
    const arrays = readAll(
      zip(
        [
          { name: 'x.npy', content: x, deflated },
          { name: 'y.npy', content: x },
        ],
        'a comment',
      ),
    );
    expect([...arrays.keys()]).toEqual(['x', 'y']);
    expect(arrays.get('x')!.values).toEqual(Float32Array.from([1, 2]));
  });

  const entry = { name: 'x.npy', content: x };
  const bomb = { name: 'x.npy', content: new Uint8Array(1e6), deflated: true };
  it.each<[string, Uint8Array, RegExp]>([
    ['another file', Buffer.from('hello'), /zip archive with its list at the end, got none/],
    ['an archive cut short', zip([entry]).subarray(0, -1), /cut short/],
    [
      'bytes that have changed',
      zip([{ ...entry, crc: 1 }]),
      /"x\.npy": expected the CRC 00000001, got .*fetch it again/,
    ],
    ['a method that is none', zip([{ ...entry, method: 12 }]), /stored or deflated, got method 12/],
    ['a password', zip([{ ...entry, flags: 1 }]), /is encrypted/],
    ['zip64', zip([{ ...entry, packed: 0xffffffff }]), /this is zip64/],
    ['a file that is no array', zip([{ ...entry, name: 'x.txt' }]), /"x\.txt": expected arrays/],
    ['a name that is there twice', zip([entry, entry]), /is there twice/],
    ['more than is said', zip([{ ...bomb, unpacked: 1000 }]), /expected 1000 bytes, got more/],
    ['less than is said', zip([{ ...bomb, unpacked: 2e6 }]), /expected 2000000 bytes, got 1000000/],
    [
      'a deflated entry that is damaged',
      zip([{ ...entry, content: Buffer.alloc(9, 7), method: 8 }]),
      /got damaged data/,
    ],
    [
      'an array that is damaged',
      zip([{ name: 'x.npy', content: x.subarray(0, -1) }]),
      /x\.npz: x\.npy: array of shape/,
    ],
  ])('refuse %s in one line', (_, bytes, message) => {
    expect(() => readAll(bytes)).toThrow(message);
    expect(expectValueOrLine(() => readAll(bytes), 'x.npz')).toBe('line');
  });

  it('that are damaged give arrays or one line', () => {
    const outcomes = { value: 0, line: 0 };
    for (const bytes of damaged(
      zip([
        { ...entry, deflated: true },
        { name: 'y.npy', content: x },
      ]),
      2000,
    ))
      outcomes[expectValueOrLine(() => readAll(bytes), 'x.npz')]++;
    expect(outcomes.line).toBeGreaterThan(100);
  });
});

describe('real files', () => {
  const folder = join(dataRoot(), 'mlperf-tiny');

  it.skipIf(!existsSync(folder))('of MLPerf Tiny are read: indices of CIFAR-10, and an archive of NumPy', () => {
    const { shape, values } = read(readFileSync(join(folder, 'ic_perf_samples_idxs.npy')));
    expect(shape).toEqual([200]);
    expect(Array.from(values as ArrayLike<number>).every((i) => Number.isInteger(i) && i >= 0 && i < 10000)).toBe(true);
    const arrays = readNpz(readFileSync(join(folder, 'sww_calibration_samples.npz')), 'sww');
    for (const { values: some } of arrays.values()) expect(some.length).toBeGreaterThan(0);
  });
});
