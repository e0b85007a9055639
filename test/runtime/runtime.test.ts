/** Runtime as a library: what it takes, what it refuses, and that a refusal leaves what was loaded running. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { dequantize, type Port, quantize } from '../../host/runtime/ports.ts';
import { StatusError } from '../../host/runtime/status.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { tinyImage } from '../boards/tinyImage.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { ModelBuilder } from '../zoo.ts';

const ECG = new Uint8Array(readFileSync('models/ecg-beats.htpw'));
const window = Uint8Array.from({ length: 640 }, (_, i) => i * 37);

/** Two inputs of 2 x 3 x 4 values, added. */
function sumImage(): Uint8Array {
  const b = new ModelBuilder(1, [2, 3, 4]);
  const second = b.tensor('second', [2, 3, 4]);
  b.add(0);
  const model = b.build();
  model.programs[0].inputs.push(second);
  return pack(model);
}

/** Ten programs of different sizes. */
const programs = () => packTogether(shapeRows(1).slice(0, 10));

/** What a call that must be refused throws. */
function refusal(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('was not refused');
}

describe('a refused load', () => {
  const loads: [name: string, program: unknown][] = [
    ['past the last', 9],
    ['below 0', -1],
    ['between two', 0.5],
    ['that 32 bits would make 0', 2 ** 32],
    ['that is no number', 'first'],
    ['that is NaN', Number.NaN],
    ['that is null', null],
  ];
  it.each(loads)('of a program %s leaves the loaded one running, byte for byte', (_, program) => {
    const runtime = new Runtime(ECG).load(0);
    const before = runtime.run(window);
    const error = refusal(() => runtime.load(program as number));
    expect(error).toBeInstanceOf(StatusError);
    expect(error.message).toBe(`load: NO_SUCH_PROGRAM (expected 0, got ${String(program)})`);
    expect(runtime.run(window)).toEqual(before);
    runtime.checkWeights();
  });

  it('does not bring input and arena together, whatever the input is', () => {
    const runtime = new Runtime(ECG).load(0);
    const forged = window.slice();
    forged.set(new TextEncoder().encode('HTPA'));
    const expected = new Runtime(ECG).load(0).run(forged);
    refusal(() => runtime.load(1));
    expect(runtime.run(forged)).toEqual(expected);
    expect(runtime.run(window)).toEqual(new Runtime(ECG).load(0).run(window));
  });

  it('before any other leaves nothing loaded', () => {
    const runtime = new Runtime(ECG);
    refusal(() => runtime.load(1));
    expect(refusal(() => runtime.run(window)).message).toContain('run: NOT_LOADED');
  });
});

describe('programs loaded one after another', () => {
  it('each compute what they compute alone', () => {
    const image = programs();
    const runtime = new Runtime(image);
    const inputs = Array.from({ length: runtime.programs }, (_, p) =>
      Uint8Array.from({ length: runtime.inputBytes(p) }, (_, i) => (i * 29 + p) & 255),
    );
    const alone = inputs.map((input, p) => new Runtime(image).load(p).run(input));
    for (const p of [9, 0, 5, 0, 8, 1, 9, 3]) {
      expect(runtime.load(p).run(inputs[p])).toEqual(alone[p]);
      expect(refusal(() => runtime.load(10)).message).toBe('load: NO_SUCH_PROGRAM (expected 0 to 9, got 10)');
      expect(runtime.run(inputs[p])).toEqual(alone[p]);
    }
  });
});

describe('calls before load', () => {
  it.each([
    ['run', (runtime: Runtime) => runtime.run(window)],
    ['trace', (runtime: Runtime) => runtime.trace(window, () => {})],
    ['traceCrcs', (runtime: Runtime) => runtime.traceCrcs(window)],
    ['checkWeights', (runtime: Runtime) => runtime.checkWeights()],
    ['operators', (runtime: Runtime) => runtime.operators],
  ])('%s is NOT_LOADED, and says what to do', (name, call) => {
    const error = refusal(() => call(new Runtime(ECG)));
    expect(error).toBeInstanceOf(StatusError);
    expect(error.message).toBe(`${name}: NOT_LOADED (expected a loaded program, got none; call load first)`);
  });

  it.each(['arenaBytes', 'inputBytes', 'outputBytes', 'takesSamples', 'outputScale', 'portsOf'] as const)(
    '%s refuses a program that is not there',
    (name) => {
      for (const program of [1, -1, 0.5])
        expect(refusal(() => new Runtime(ECG)[name](program)).message).toBe(
          `${name}: NO_SUCH_PROGRAM (expected 0, got ${program})`,
        );
    },
  );
});

describe('an input', () => {
  const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 37 + 5) & 255);
  const transferred = (array: Uint8Array) => {
    structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
    return array;
  };

  it.each([
    ['tiny, int8', tinyImage(), (raw: Uint8Array) => new Int8Array(raw.buffer)],
    ['ecg-beats, int16', ECG, (raw: Uint8Array) => new Int16Array(raw.buffer)],
  ])('is the same as bytes, as a Buffer and as integers of its type: %s', (_, image, typed) => {
    const runtime = new Runtime(image).load();
    const raw = bytes(runtime.inputBytes());
    const answer = runtime.run(raw);
    expect(runtime.run(Buffer.from(raw))).toEqual(answer);
    expect(runtime.run(typed(raw))).toEqual(answer);
    expect(runtime.run([typed(raw)])).toEqual(answer);
    // a view into something larger, at an odd place
    const larger = new Uint8Array(raw.length + 3);
    larger.set(raw, 3);
    expect(runtime.run(larger.subarray(3))).toEqual(answer);
  });

  const int8 = 'an Int8Array of 32 or a Uint8Array of 32 bytes';
  const int16 = 'an Int16Array of 320 or a Uint8Array of 640 bytes';
  const rows: [what: string, image: Uint8Array, input: unknown, says: string][] = [
    ['numbers of another type', tinyImage(), new Int16Array(16), `expected ${int8}, got Int16Array of 16`],
    ['floats', tinyImage(), new Float32Array(32), `expected ${int8}, got Float32Array of 32`],
    ['clamped bytes', tinyImage(), new Uint8ClampedArray(32), `got Uint8ClampedArray of 32`],
    ['a buffer without a view', tinyImage(), new ArrayBuffer(32), `got ArrayBuffer`],
    ['a DataView', tinyImage(), new DataView(new ArrayBuffer(32)), `got DataView of 32`],
    ['a list of numbers', tinyImage(), Array(32).fill(0), 'expected one input, got a list of 32'],
    ['a string', tinyImage(), 'x'.repeat(32), `got string`],
    ['null', tinyImage(), null, `got null`],
    ['nothing', tinyImage(), undefined, `got undefined`],
    ['a value too few', tinyImage(), new Int8Array(31), `input must have 32 bytes, got 31; expected ${int8}`],
    ['a value too many', tinyImage(), bytes(33), `input must have 32 bytes, got 33; expected ${int8}`],
    ['no value', tinyImage(), bytes(0), 'must have 32 bytes, got 0 (empty, or its buffer was transferred)'],
    [
      'a transferred buffer',
      tinyImage(),
      transferred(bytes(32)),
      'must have 32 bytes, got 0 (empty, or its buffer was transferred)',
    ],
    ['samples as int8', ECG, new Int8Array(640), `expected ${int16}, got Int8Array of 640`],
    ['half the samples', ECG, new Int16Array(160), `must have 640 bytes, got 320; expected ${int16}`],
    ['one array for two inputs', sumImage(), new Int8Array(48), 'expected a list of 2 inputs, or their bytes as one'],
    ['one of two inputs', sumImage(), [new Int8Array(24)], 'expected a list of 2 inputs, or their bytes as one'],
    ['a short second input', sumImage(), [bytes(24), bytes(23)], 'input 1 must have 24 bytes, got 23'],
    ['a list in a list', sumImage(), [bytes(24), [bytes(24)]], 'input 1: expected an Int8Array of 24 or'],
  ];
  it.each(rows)('that is %s is refused by run, trace and traceCrcs, and changes nothing', (_, image, input, says) => {
    const runtime = new Runtime(image).load();
    const good = bytes(runtime.inputBytes());
    const before = runtime.run(good);
    const calls = ['run', 'trace', 'traceCrcs'] as const;
    for (const name of calls) {
      const error = refusal(() => runtime[name](input as Uint8Array, () => {}));
      expect(error).toBeInstanceOf(Error);
      expect(error.message).toMatch(new RegExp(`^${name === 'traceCrcs' ? 'trace' : name}: input`));
      expect(error.message).toContain(says);
      expect(error.message).not.toContain('\n');
    }
    expect(runtime.run(good)).toEqual(before);
  });

  it('of several is a list with one for each, or all their bytes', () => {
    const runtime = new Runtime(sumImage()).load();
    const [first, second] = [bytes(24), bytes(48).slice(24)];
    const answer = runtime.run(Buffer.concat([first, second]));
    expect(runtime.run([first, second])).toEqual(answer);
    expect(runtime.run([new Int8Array(first.buffer), second])).toEqual(answer);
    expect(runtime.run([second, first])).toEqual(runtime.run(Buffer.concat([second, first])));
  });
});

describe('an image', () => {
  it.each([
    ['a buffer', ECG.buffer, 'ArrayBuffer'],
    ['its path', 'models/ecg-beats.htpw', 'string'],
    ['signed bytes', new Int8Array(ECG.buffer), 'Int8Array'],
    ['a list of bytes', [...ECG], 'Array'],
    ['nothing', undefined, 'undefined'],
  ])('given as %s is refused by what it is', (_, image, name) => {
    const error = refusal(() => new Runtime(image as unknown as Uint8Array));
    expect(error.message).toBe(`Runtime: image: expected a Uint8Array, got ${name}`);
  });

  it('may be overwritten by its owner once it is open', () => {
    const image = ECG.slice();
    const runtime = new Runtime(image).load();
    const { layers } = runtime.traceCrcs(window);
    image.fill(0);
    expect(runtime.traceCrcs(window).layers).toEqual(layers);
    expect(runtime.outputs[0].labels).toEqual(['N', 'S', 'V', 'F']);
  });

  it('is run by a variant that there is', () => {
    expect(refusal(() => new Runtime(ECG, 'neon' as 'simd')).message).toBe(
      `Runtime: variant: expected one of ${VARIANT_NAMES.join(', ')}, got neon`,
    );
  });
});

describe('a call out of a trace', () => {
  it('is refused, and the trace ends as it would have', () => {
    const runtime = new Runtime(ECG).load();
    const expected = runtime.run(window);
    const calls = [() => runtime.run(window), () => runtime.load(), () => runtime.checkWeights()];
    const got = runtime.trace(window, () => {
      for (const call of calls) expect(refusal(call).message).toMatch(/expected no trace to be under way/);
    });
    expect(got).toEqual(expected);
  });

  it('may throw, and the next run is as any other', () => {
    const runtime = new Runtime(ECG).load();
    const expected = runtime.run(window);
    const stop = () => {
      throw new Error('enough');
    };
    expect(() => runtime.trace(window, stop)).toThrow('enough');
    expect(runtime.run(window)).toEqual(expected);
  });
});

describe('ports', () => {
  it('say shape, type, scale, zero point and labels of what a program takes and gives', () => {
    const runtime = new Runtime(ECG);
    const scale = (at: number) => new DataView(ECG.buffer).getFloat32(at + 4, true);
    expect(runtime.inputs).toEqual([
      { shape: [1, 320, 1], type: 'int16', scale: scale(256), zeroPoint: 0, labels: null, offset: 0, bytes: 640 },
    ]);
    const labels = ['N', 'S', 'V', 'F'];
    expect(runtime.outputs).toEqual([
      { shape: [1, 1, 4], type: 'int8', scale: scale(264), zeroPoint: 0, labels, offset: 0, bytes: 4 },
    ]);
  });

  it('are those of the loaded program, and of any other when asked for', () => {
    const runtime = new Runtime(programs());
    for (let p = 0; p < runtime.programs; p++) {
      runtime.load(p);
      expect(runtime.portsOf(p)).toEqual({ inputs: runtime.inputs, outputs: runtime.outputs });
      expect(runtime.inputs.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(runtime.inputBytes(p));
      expect(runtime.outputs.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(runtime.outputBytes(p));
    }
  });

  it.each([
    ['as many as the output has values', ['a', 'b', 'c'], ['a', 'b', 'c']],
    ['too few', ['a', 'b'], null],
    ['no list', 'abc', null],
    ['a list of numbers', [1, 2, 3], null],
    ['none', undefined, null],
  ])('take labels from the metadata: %s', (_, given, expected) => {
    const b = new ModelBuilder(1, [1, 4, 2]).fullyConnected(3);
    const model = b.build();
    model.metadata = { name: 'labelled', labels: given as string[] };
    const runtime = new Runtime(pack(model));
    expect(runtime.outputs[0].labels).toEqual(expected);
    expect(runtime.inputs[0].labels).toBeNull();
  });

  it('have labels of an argmax, whose one value counts them', () => {
    const model = new ModelBuilder(1, [1, 4, 2]).fullyConnected(3).argmax().build();
    model.metadata = { name: 'argmax', labels: ['a', 'b', 'c'] };
    expect(new Runtime(pack(model)).outputs[0]).toMatchObject({ shape: [1, 1, 1], labels: ['a', 'b', 'c'] });
  });
});

describe('real numbers', () => {
  const port: Port = {
    shape: [1, 1, 6],
    type: 'int8',
    scale: 0.5,
    zeroPoint: -3,
    labels: null,
    offset: 0,
    bytes: 6,
  };

  it('are rounded to the nearest integer of a port, ties away from zero, and held within its type', () => {
    expect(quantize(port, [0, 0.25, -0.25, 1.3, 1e6, -Infinity])).toEqual(Int8Array.of(-3, -2, -4, 0, 127, -128));
    const wide = { ...port, type: 'int16' as const, bytes: 12 };
    expect(quantize(wide, [0, 0.25, -0.25, 1.3, 1e6, -Infinity])).toEqual(Int16Array.of(-3, -2, -4, 0, 32767, -32768));
  });

  it('come back from integers, or from their bytes wherever these lie', () => {
    const expected = Float32Array.of(0, 0.5, -62.5, 65, -0.5, 1);
    const integers = Int8Array.of(-3, -2, -128, 127, -4, -1);
    expect(dequantize(port, integers)).toEqual(expected);
    expect(dequantize(port, new Uint8Array(integers.buffer))).toEqual(expected);
    const wide: Port = { ...port, type: 'int16', bytes: 12 };
    const bytes = new Uint8Array(13);
    bytes.set(new Uint8Array(Int16Array.from(integers).buffer), 1);
    expect(dequantize(wide, bytes.subarray(1))).toEqual(expected);
  });

  it.each([
    ['too few', () => quantize(port, [1, 2]), 'quantize: expected 6 values (1 x 1 x 6), got 2'],
    ['no number', () => quantize(port, [1, 2, 3, 4, 5, NaN]), 'quantize: value 5: expected a number, got NaN'],
    ['text', () => quantize(port, [1, 2, '3', 4, 5, 6] as number[]), 'quantize: value 2: expected a number, got 3'],
    ['without a scale', () => quantize({ ...port, scale: 0 }, []), 'quantize: expected a port with a positive scale'],
    ['of another type', () => dequantize(port, new Int16Array(6)), 'expected an Int8Array or bytes as a Uint8Array'],
    ['integers too few', () => dequantize(port, new Int8Array(5)), 'dequantize: expected 6 values'],
  ])('that are %s are refused', (_, call, says) => {
    expect(refusal(call).message).toContain(says);
  });

  it('go in and out of the loaded program by its ports', () => {
    const runtime = new Runtime(sumImage()).load();
    const values = Array.from({ length: 24 }, (_, i) => i / 50);
    const inputs = [runtime.quantize(values, 0), runtime.quantize(values, 1)];
    const sums = runtime.dequantize(runtime.run(inputs));
    const [{ scale }] = runtime.outputs;
    const clamped = (value: number) => Math.max(scale * (-128 - runtime.outputs[0].zeroPoint), value);
    sums.forEach((sum, i) => {
      const taken = runtime.inputs.map((port, k) => port.scale * (inputs[k][i] - port.zeroPoint));
      const most = scale * (127 - runtime.outputs[0].zeroPoint);
      expect(Math.abs(sum - Math.min(most, clamped(taken[0] + taken[1])))).toBeLessThan(scale);
    });
    expect(refusal(() => runtime.quantize(values, 2)).message).toMatch(/expected one of 2 inputs/);
    expect(refusal(() => runtime.dequantize(new Uint8Array(3))).message).toMatch(/expected the 24 bytes/);
  });
});
