/** htpw prune on the command line: tables, images, drawings and what it refuses. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { untrainedModel } from '../../host/train/index.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { emptyFolder } from '../paths.ts';
import { configFor } from '../train/together.ts';

const folder = emptyFolder('prune');
const file = (name: string) => join(folder, name);
const [motion, kws, inputs, labels] = ['motion.htpw', 'kws.htpw', 'inputs.bin', 'labels.csv'].map(file) as string[];

beforeAll(async () => {
  writeFileSync(motion!, pack(await untrainedModel(configFor('motion', { kind: 'int8' }))));
  const model = TOPOLOGIES.find(({ name }) => name === 'kws')!.build();
  writeFileSync(kws!, pack(model, { tables: 'q31' }));
  writeFileSync(
    inputs!,
    Uint8Array.from({ length: 20 * 490 }, (_, i) => (i * i + (i >> 3)) & 255),
  );
  writeFileSync(labels!, Array.from({ length: 20 }, (_, i) => `${i % 12}`).join('\n'));
}, 120_000);

describe('htpw prune', () => {
  it('--table says what each cut takes, trains nothing, and draws it', { timeout: 120_000 }, async () => {
    const plot = file('cuts.svg');
    const { code, out } = await htpw('prune', kws!, '--table', '--trunk-biases', '--plot', plot, '--json');
    expect(code).toBe(0);
    const { rows, chosen } = JSON.parse(out);
    expect(rows.map(({ cut, size }: { cut: string; size: { parameters: number } }) => [cut, size.parameters])).toEqual([
      ['whole', 24_908],
      ['conv1', 7_228],
      ['block1', 12_540],
      ['block2', 17_852],
      ['block3', 23_164],
    ]);
    expect(chosen).toBeNull();
    expect(rows[0].size.imageBytes).toBe(readFileSync(kws!).length);
    const drawing = readFileSync(plot, 'utf8');
    expect(drawing.match(/<circle /g)).toHaveLength(5);
    expect(drawing).toContain('>block2</text>');
  });

  it('takes an image of the workshop with the windows of its task', { timeout: 300_000 }, async () => {
    const output = file('cut.htpw');
    const words = ['--at', 'block1', '--aux', 'dense', '--epochs', '1', '-o', output, '--json'];
    const { code, out } = await htpw('prune', motion!, ...words);
    expect(code).toBe(0);
    const { chosen, trunk, rows } = JSON.parse(out);
    expect([chosen, trunk, Object.keys(rows[1].scores.judged)]).toEqual(['block1', 'as it was', ['later', 'test']]);
    const view = new ImageView(new Uint8Array(readFileSync(output)));
    expect(view.metadata()).toMatchObject({ task: 'synthetic-motion', pruned: { at: 'block1', auxiliary: 'dense' } });
    expect((await htpw('eval', output)).code).toBe(0);
  });

  it('takes unlabelled inputs, and says that it judges by agreement', { timeout: 300_000 }, async () => {
    const output = file('kws-cut.htpw');
    const words = ['--at', 'conv1', '--aux', 'dscnn4', '--epochs', '1', '--calibration', inputs!, '-o', output];
    const { code, out } = await htpw('prune', kws!, ...words);
    expect(code).toBe(0);
    expect(out).toContain('answers of the whole network for labels: agreement, no accuracy');
    expect(out.split('\n').filter((line) => line.length > 120 && !line.includes(folder))).toEqual([]);
    expect(new Runtime(new Uint8Array(readFileSync(output))).load().outputBytes()).toBe(12);
  });

  it.each<[string, () => string[], RegExp]>([
    ['neither --at nor --table', () => [kws!], /expected --at <cut> or --table, got neither or both/],
    ['both', () => [kws!, '--at', 'conv1', '--table'], /expected --at <cut> or --table, got neither or both/],
    [
      'a cut that there is not',
      () => [kws!, '--at', 'block4'],
      /--at must be auto or one of conv1, .*block3, got "block4"/,
    ],
    ['nothing to learn from', () => [kws!, '--at', 'conv1'], /kws\.htpw: expected something to learn from, got none/],
    ['a choice without labels', () => [kws!, '--at', 'auto', '--calibration', inputs!], /--at auto needs --labels/],
    [
      'labels without inputs',
      () => [kws!, '--at', 'conv1', '--labels', labels!],
      /--samples and --labels need --calibration/,
    ],
    [
      'too few inputs',
      () => [kws!, '--at', 'conv1', '--calibration', inputs!, '--samples', '0:8'],
      /--samples: expected at least 10 inputs to learn from, got 8/,
    ],
    ['an unknown auxiliary network', () => [kws!, '--table', '--aux', 'resnet'], /--aux must be dense, or dscnn/],
    [
      'a configuration for an image',
      () => [kws!, '--table', '--config', 'models/configs/wisdm.json'],
      /expected no --config/,
    ],
    [
      'a table with an output',
      () => [kws!, '--table', '-o', file('none.htpw')],
      /--table trains nothing and writes no image/,
    ],
    ['dead channels of an image', () => [kws!, '--table', '--keep-dead'], /--keep-dead is for \.tflite models/],
    ['a file of another kind', () => ['package.json', '--table'], /package\.json/],
  ])('refuses %s in one line, and writes nothing', async (_, words, expected) => {
    const { code, out, error } = await htpw('prune', ...words());
    expect([code, out]).toEqual([2, '']);
    expect(error).toMatch(expected);
    expect(error).toMatch(ONE_LINE);
    expect(existsSync(file('none.htpw'))).toBe(false);
  });

  it('ends with 1 where auto finds no cut that is good enough, and writes no image', { timeout: 300_000 }, async () => {
    const output = file('auto.htpw');
    // labels that are the whole network's own answers: one epoch of one channel reaches none of them
    const runtime = new Runtime(new Uint8Array(readFileSync(kws!))).load();
    const bytes = readFileSync(inputs!);
    const answers = Array.from({ length: 20 }, (_, i) => {
      const scores = [...new Int8Array(runtime.run(new Uint8Array(bytes.subarray(490 * i, 490 * (i + 1)))).buffer)];
      return scores.indexOf(Math.max(...scores));
    });
    writeFileSync(labels!, answers.join('\n'));
    const words = ['--at', 'auto', '--aux', 'dscnn1', '--epochs', '1', '--calibration', inputs!, '--labels', labels!];
    const { code, error } = await htpw('prune', kws!, ...words, '-o', output);
    expect([code, existsSync(output)]).toEqual([1, false]);
    expect(error).toMatch(/no cut reaches a validation macro-F1 of \d\.\d+; name one with --at/);
  });
});
