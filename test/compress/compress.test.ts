/** A budget is kept to the byte, calibration and refinement help, and what cannot be reached is said. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compare, outputsOf, outputZeroPoint } from '../../host/compress/agreement.ts';
import { BudgetError, compressUniformly, compressWithin, prepare } from '../../host/compress/compress.ts';
import { sourcesOf } from '../../host/compress/report.ts';
import { parseLabels, parseRange, splitSamples } from '../../host/compress/samples.ts';
import { plotCurve } from '../../host/drawing/qualityPlot.ts';
import { pack } from '../../host/image/pack.ts';
import type { Model } from '../../host/model/model.ts';
import { moduleOf, Runtime } from '../../host/runtime/node.ts';
import { ModelBuilder, random } from '../zoo.ts';

/** A network whose tensors keep a signal, on inputs whose values go together: smooth curves. */
function network(): { model: Model; samples: Uint8Array[] } {
  const b = new ModelBuilder(5, [6, 6, 2]);
  b.convolution(12, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] });
  b.depthwise(1, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] });
  b.pointwise(16).pointwise(16).pointwise(16);
  b.pool('averagePool', { kernel: [2, 2], stride: [2, 2], pad: [0, 0] });
  b.fullyConnected(6).softmax();
  const model = b.build();
  for (const operator of model.programs[0].operators) if ('activation' in operator) operator.activation = [-128, 127];
  const next = random(9);
  const samples = Array.from({ length: 60 }, () => {
    const [f, g, phase] = [next(), next(), 6 * next()];
    return new Uint8Array(
      Int8Array.from({ length: 72 }, (_, i) => 100 * Math.sin(f * (i >> 1) + (i & 1) * g + phase)).buffer,
    );
  });
  return { model, samples };
}

const { model, samples } = network();
const wasm = moduleOf('simd');
const [seen, unseen] = [samples.slice(0, 40), samples.slice(40)].map((inputs) => ({ inputs, wasm }));
const errorOf = (changed: Model): number =>
  compare(outputsOf(model, unseen), outputsOf(changed, unseen), outputZeroPoint(model)).relativeError;

describe('compress', () => {
  const whole = pack(model).length;
  const auto = prepare(model, 'auto', seen);
  const smallest = (() => {
    try {
      compressWithin(auto, 1);
    } catch (error) {
      if (error instanceof BudgetError) return error.smallest;
    }
    throw new Error('one byte was enough');
  })();

  it('keeps every budget to the byte, and opens what it makes', () => {
    for (let budget = smallest; budget < whole; budget += 211) {
      const { image, model: changed, tables } = compressWithin(auto, budget);
      expect(image.length).toBeLessThanOrEqual(budget);
      expect(image).toEqual(pack(changed, { tables }));
      new Runtime(image).load().checkWeights();
    }
  });

  it('reaches the smallest size that it names, and nothing below', () => {
    expect(compressWithin(auto, smallest).image.length).toBe(smallest);
    expect(() => compressWithin(auto, smallest - 1)).toThrow(
      `cannot reach ${(smallest - 1).toLocaleString('en-US')} bytes; the smallest image is ${smallest.toLocaleString('en-US')}`,
    );
  });

  it('changes no weight where there is room for all, and makes those tables exact that matter', () => {
    const { chosen, exact, model: same, image, tables } = compressWithin(auto, pack(model, { tables: 'q31' }).length);
    expect(new Set(chosen.map(({ replacement }) => replacement.name))).toEqual(new Set(['int8']));
    expect(exact).toEqual(auto.tables.map(([compact]) => compact.error > 0));
    expect(outputsOf(same, seen, 'q31')).toEqual(outputsOf(model, seen, 'q31'));
    expect(image).toEqual(pack(same, { tables }));
  });

  it('chooses no worse errors with more room', () => {
    const errors = [0.5, 0.6, 0.7, 0.8, 0.9].map((share) => {
      const { chosen, exact } = compressWithin(auto, Math.ceil(smallest + share * (whole - smallest)));
      return chosen.reduce((sum, { error }, l) => sum + error + auto.tables[l][exact[l] ? 1 : 0].error, 0);
    });
    expect(errors).toEqual(errors.toSorted((a, b) => b - a));
  });

  it.each(['int4', 'int2'] as const)('to %s disturbs unseen outputs less with calibration than without', (method) => {
    const blind = errorOf(compressUniformly(prepare(model, method, null)).model);
    const calibrated = errorOf(compressUniformly(prepare(model, method, seen)).model);
    expect(calibrated).toBeLessThan(0.7 * blind);
  });

  it('puts every layer into the source that was asked for', () => {
    const { chosen, model: changed } = compressUniformly(prepare(model, 'int2', null));
    expect(chosen.map(({ replacement }) => replacement.name)).toEqual(chosen.map(() => 'int2'));
    for (const source of changed.sources) expect(source).toMatchObject({ kind: 'stored', encoding: 'int2' });
  });

  it('lists what it tried, generated weights too, and how little they hold', () => {
    const sources = sourcesOf(auto);
    const errorAt = (name: string) => sources.find((source) => source.name === name)!.layerError;
    expect(errorAt('int8')).toBe(0);
    expect(errorAt('int4')).toBeLessThan(errorAt('int2'));
    expect(errorAt('generated from 1 int8 matrix')).toBeGreaterThan(errorAt('int2'));
  });

  it('is the same every time', () => {
    const again = prepare(model, 'auto', seen);
    const budget = Math.round((smallest + whole) / 2);
    expect(compressWithin(again, budget).image).toEqual(compressWithin(auto, budget).image);
  });

  it('refuses a model without stored INT8, and one of several programs', () => {
    const { model: int2 } = compressUniformly(prepare(model, 'int2', null));
    expect(() => prepare(int2, 'int4', null)).toThrow('nothing to do');
    expect(() => prepare({ ...model, programs: [...model.programs, ...model.programs] }, 'int4', null)).toThrow(
      'got 2',
    );
  });
});

describe('calibration files', () => {
  it('are whole inputs, ranges inside, labels one per sample', () => {
    expect(splitSamples(new Uint8Array(12), 4).length).toBe(3);
    expect(() => splitSamples(new Uint8Array(13), 4)).toThrow('1 too many');
    expect(parseRange('0:350', 700)).toEqual([0, 350]);
    expect(parseRange('350:', 700)).toEqual([350, 700]);
    for (const wrong of ['350', '9:9', '0:701', 'a:b']) expect(() => parseRange(wrong, 700)).toThrow('such as 0:350');
  });

  it.each([
    ['a heading', 'index,class\n0,3\n1,2\n'],
    ['no heading', '0,3\n1,2'],
    ['one column', '3\n2\n'],
    ['empty lines', '\n3\n\n2\n\n'],
    ['CRLF', 'class\r\n3\r\n2\r\n'],
    ['CR', '3\r2\r'],
    ['quotes and spaces', '"a", "3"\n"b", " 2 " \n'],
    ['tabs', 'x\t3\ny\t2'],
    ['semicolons', 'x;3\ny;2'],
    ['a byte order mark', '\uFEFF3\n2'],
  ])('labels with %s are read', (_, csv) => {
    expect([...parseLabels(csv, 2, 4)]).toEqual([3, 2]);
  });

  it.each([
    ['a class too high', '0\n3\n', 'label 3 of sample 1 (line 2): expected a class below 3; count from 0'],
    ['one in the first line', '900\n0\n', 'label 900 of sample 0 (line 1): expected a class below 3; count from 0'],
    ['one below a heading', 'class\n\n3\n0\n', 'label 3 of sample 0 (line 3): expected a class below 3; count from 0'],
    ['a negative one', '-1\n0\n', 'label "-1" of sample 0 (line 1): expected a whole number in the last column'],
    ['a fraction', '1.5\n0\n', 'label "1.5" of sample 0 (line 1): expected a whole number'],
    ['a word', '0,1\n1,two\n', 'label "two" of sample 1 (line 2): expected a whole number'],
    ['an empty field', '0,1\n1,\n', 'label "" of sample 1 (line 2): expected a whole number'],
    ['too few', '0\n', 'expected 2 labels, one per sample, got 1; give one line per sample'],
    ['too many', '0\n1\n2\n', 'expected 2 labels, one per sample, got 3'],
    ['a word for a first label', 'cat\n1\n', 'expected 2 labels, one per sample, got 1 below the heading "cat"'],
    ['none', '', 'expected 2 labels, one per sample, got 0'],
  ])('labels with %s are refused', (_, csv, message) => {
    expect(() => parseLabels(csv, 2, 3)).toThrow(message);
  });
});

describe('the plot', () => {
  it('has one star per point and fits 80 columns', () => {
    const text = plotCurve(
      [
        { bytes: 7000, quality: 0.8 },
        { bytes: 28_000, quality: 0.9 },
      ],
      'accuracy',
    );
    expect(text.split('*').length).toBe(3);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('htpw compress', () => {
  const folder = mkdtempSync(join(tmpdir(), 'htpw-'));
  const [image, data, output] = ['in.htpw', 'inputs.bin', 'out.htpw'].map((name) => join(folder, name));
  writeFileSync(image, pack(model));
  writeFileSync(data, Buffer.concat(samples));
  const htpw = (...words: string[]) =>
    spawnSync(process.execPath, ['scripts/htpw.js', 'compress', image, ...words], { encoding: 'utf8' });

  it('writes an image that opens, and says what it did as JSON', () => {
    const { status, stdout } = htpw(
      '-o',
      output,
      '--method',
      'int4',
      '--calibration',
      data,
      '--samples',
      '0:40',
      '--json',
    );
    expect(status).toBe(0);
    const bytes = readFileSync(output);
    new Runtime(bytes);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ calibratedOn: 40, judgedOnOthers: true, bytes: { after: bytes.length } });
    expect(result.agreement).toMatchObject({ samples: 20 });
    expect(Object.keys(result)).toEqual(
      'image,output,method,calibratedOn,judgedOnOthers,bytes,weightBytes,arenaBytes,categories,layers,agreement,accuracy,sources'.split(
        ',',
      ),
    );
  });

  it('says without calibration that it does not know the outputs', () => {
    expect(htpw('-o', output, '--method', 'int4').stdout).toContain('no calibration data');
  });

  it('judges without calibrating, by all samples, what it makes without calibration', () => {
    const [none, judged] = [join(folder, 'uncalibrated.htpw'), join(folder, 'judged.htpw')];
    expect(htpw('-o', none, '--method', 'int4').status).toBe(0);
    const { stdout } = htpw('-o', judged, '--method', 'int4', '--calibration', data, '--samples', 'none', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ calibratedOn: 0, judgedOnOthers: true, agreement: { samples: 60 } });
    expect(readFileSync(judged)).toEqual(readFileSync(none));
  });

  it('ends with 1 and the smallest size when a budget cannot be met, and writes nothing', () => {
    const none = join(folder, 'none.htpw');
    const { status, stderr } = htpw('-o', none, '--budget', '500');
    expect([status, existsSync(none)]).toEqual([1, false]);
    expect(stderr).toMatch(/cannot reach 500 bytes; the smallest image is [\d,]+/);
  });

  it.each([
    [['-o', output], 'needs --budget'],
    [['--method', 'int4'], 'expected -o'],
    [['-o', output, '--method', 'int3'], '--method must be one of'],
    [['-o', output, '--method', 'int4', '--samples', '0:3'], 'need --calibration'],
    [['-o', output, '--method', 'int4', '--calibration', image], 'this is an .htpw image; expected raw tensors'],
    [['-o', output, '--method', 'int4', '--calibration', 'LICENSE'], 'expected inputs of 72 bytes'],
    [['-o', output, '--budget', '3 sheep'], 'budget:'],
  ])('ends with 2 on wrong use: %j', (words, message) => {
    const { status, stderr } = htpw(...words);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr.trim().split('\n').at(-1)).toContain(message);
  });
});
