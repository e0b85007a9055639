/** The keyword spotter of MLPerf Tiny, compressed on one half of real features and judged by the other. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const data = process.env.HTPW_DATA ?? join('..', 'shared', 'data');
const model = join(data, 'tflite', 'kws_ref_model.tflite');
const calibration = join(data, 'mlperf-tiny', 'kws01_mfcc_int8.bin');
const labels = join(data, 'mlperf-tiny', 'kws01_labels.csv');

function compressed(...words: string[]) {
  const output = join(mkdtempSync(join(tmpdir(), 'compress-')), 'kws.htpw');
  const given = ['--calibration', calibration, '--samples', '0:350', '--labels', labels];
  const all = ['scripts/htpw.js', 'compress', model, '-o', output, ...given, '--json', ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  return { ...JSON.parse(stdout), image: readFileSync(output) };
}

describe.skipIf(![model, calibration, labels].every(existsSync))('the keyword spotter (HTPW_DATA)', () => {
  it('keeps 95 % of its accuracy in INT4, at half the bytes of its weights', { timeout: 300_000 }, () => {
    const { weightBytes, accuracy } = compressed('--method', 'int4');
    expect(weightBytes.after).toBeLessThanOrEqual(0.6 * weightBytes.before);
    expect(accuracy.after).toBeGreaterThanOrEqual(0.95 * accuracy.before);
  });

  it('fits 10 kB, and keeps 95 % of its accuracy there', { timeout: 300_000 }, () => {
    const { image, accuracy } = compressed('--method', 'auto', '--budget', '10kB');
    expect(image.length).toBeLessThanOrEqual(10_000);
    expect(accuracy.after).toBeGreaterThanOrEqual(0.95 * accuracy.before);
  });
});
