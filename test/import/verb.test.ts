/** htpw import as a program: what it writes and prints, and how it fails. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Runtime } from '../../host/runtime/node.ts';
import { FIXTURES, fullyConnected, single } from './fixtures.ts';
import { tflite } from './tflite.ts';

const folder = mkdtempSync(join(tmpdir(), 'htpw-'));
const model = join(folder, 'model.tflite');
const image = join(folder, 'model.htpw');
writeFileSync(model, tflite(FIXTURES['QUANTIZE, RESHAPE, SQUEEZE, EXPAND_DIMS and DEQUANTIZE around one layer'].file));

const float = join(folder, 'float.tflite');
const odd = join(folder, 'odd.bin');
writeFileSync(odd, new Uint8Array(20));
const real = (shape: number[], data?: number[]) => ({ shape, type: 'FLOAT32', data });
writeFileSync(
  float,
  tflite(
    single('FULLY_CONNECTED', [real([1, 4]), real([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), real([1, 2])], fullyConnected()),
  ),
);

function htpw(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/htpw.js', ...words], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('htpw import', () => {
  it('writes an image that opens, and says its operators, bytes and arena', () => {
    const result = JSON.parse(htpw('import', model, '-o', image, '--json').stdout);
    const bytes = readFileSync(image);
    expect(result).toMatchObject({
      bytes: bytes.length,
      arenaBytes: new Runtime(bytes).arenaBytes(),
      tables: 'q31',
      exact: true,
      inputs: [{ shape: [2, 2, 3], fileType: 'FLOAT32', zeroPoint: 3 }],
      operators: [{ index: 2, opcode: 'CONV_2D', kind: 'pointwise' }],
    });
    const categories: number[] = Object.values(result.categories);
    expect(categories.reduce((a, b) => a + b, 0)).toBe(bytes.length);
    expect(result.folded.map(({ index }: { index: number }) => index)).toEqual([0, 1, 3, 4, 5]);
  });

  it('says of compact tables that they are not exact', () => {
    const { status, stdout } = htpw('import', model, '-o', image, '--tables', 'compact');
    expect([status, stdout]).toEqual([0, expect.stringContaining('NOT exact')]);
  });

  it('reads a model from a pipe', () => {
    const piped = join(folder, 'piped.htpw');
    const command = `cat "$0" | "$1" scripts/htpw.js import /dev/stdin -o "$2"`;
    const { status, stderr } = spawnSync('sh', ['-c', command, model, process.execPath, piped], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(() => new Runtime(readFileSync(piped))).not.toThrow();
  });

  it('tells the folder of a SavedModel how to become a .tflite', () => {
    const saved = mkdtempSync(join(tmpdir(), 'htpw-'));
    writeFileSync(join(saved, 'saved_model.pb'), Uint8Array.of(8, 1, 0x12, 3, 0x0a, 1, 0));
    const { status, stderr } = htpw('import', saved, '-o', image);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/but the saved_model\.pb of .*from_saved_model/)]);
  });

  it('quantises a float model on inputs of a .bin, and says what that cost', () => {
    const inputs = join(folder, 'inputs.bin');
    writeFileSync(inputs, new Uint8Array(Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)).buffer));
    const { stdout, stderr } = htpw('import', float, '--calibration', inputs, '-o', image, '--json');
    expect(stderr).not.toContain('htpw:');
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ calibratedOn: 10, heldOut: { inputs: 2 }, inputs: [{ fileType: 'FLOAT32' }] });
    expect(result.trials).toContainEqual(result.chosen);
    expect(result.bytes).toBe(readFileSync(image).length);
  });

  it('with a budget compresses what it quantised, and says what each layer became', () => {
    const wide = join(folder, 'wide.tflite');
    const inputs = join(folder, 'wide.bin');
    const waves = (count: number, step: number) => Array.from({ length: count }, (_, i) => Math.sin(step * i * i));
    const tensors = [real([1, 64]), real([32, 64], waves(2048, 0.7)), real([1, 32])];
    writeFileSync(wide, tflite(single('FULLY_CONNECTED', tensors, fullyConnected())));
    writeFileSync(inputs, new Uint8Array(Float32Array.from(waves(64 * 20, 0.3)).buffer));
    const words = ['import', wide, '--calibration', inputs, '-o', image, '--json'];
    const whole = JSON.parse(htpw(...words).stdout);
    const { stdout, stderr } = htpw(...words, '--budget', `${whole.bytes - 500}`);
    expect(stderr).not.toContain('htpw:');
    const result = JSON.parse(stdout);
    expect(result.bytes).toBe(readFileSync(image).length);
    expect(result.bytes).toBeLessThanOrEqual(whole.bytes - 500);
    expect(result.compressed).toMatchObject({ from: whole.bytes, before: whole.heldOut });
    expect(result.compressed.layers.map(({ became }: { became: string }) => became)).not.toContain('int8');
    expect(result.heldOut).toMatchObject({ inputs: 4 });
    expect(JSON.parse(htpw(...words, '--budget', `${whole.bytes}`).stdout).compressed).toBeNull();
    const { status, stderr: missed } = htpw(...words, '--budget', '300');
    expect([status, missed]).toEqual([1, expect.stringMatching(/cannot reach 300 bytes; the smallest image is/)]);
  }, 120_000);

  it.each([
    ['a budget for an INT8 model', ['import', model, '--budget', '20kB'], /--budget is for float models/],
    ['a float model without inputs', ['import', float], /has to be quantised.*--calibration inputs\.npy/],
    ['inputs of another size', ['import', float, '--calibration', odd], /odd\.bin: expected 4 values an inference/],
    ['inputs of an INT8 model', ['import', model, '--calibration', odd], /is quantised already/],
    ['a file that is none', ['import', 'package.json'], /package\.json: this is no \.tflite file but JSON text/],
    ['a file that is not there', ['import', 'missing.tflite'], /missing\.tflite: cannot be read/],
    ['unknown tables', ['import', model, '--tables', 'q7'], /--tables must be q31 or compact, got "q7"/],
  ])('exits with 2 and one line for %s, and writes nothing', (_, words, expected) => {
    const output = join(folder, 'never.htpw');
    const { status, stdout, stderr } = htpw(...words, '-o', output);
    expect([status, stdout, existsSync(output)]).toEqual([2, '', false]);
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('htpw:')),
    ).toEqual([expect.stringMatching(expected)]);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
