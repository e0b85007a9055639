/** htpw run and htpw eval on files of one's own: what an image answers, how often it is right, and which is better. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scoreInputs } from '../../host/evaluate/judged.ts';
import { pack } from '../../host/image/pack.ts';
import type { StoredSource } from '../../host/model/model.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { fileOf, floats, folderOf } from '../inputs/files.ts';
import { ModelBuilder } from '../zoo.ts';

/** Two values in, two scores out, which are these sums of them; a step is 1/16 in both. */
function image(weights: readonly [number, number, number, number], labels?: string[]): string {
  const model = new ModelBuilder(1, [1, 1, 2]).fullyConnected(2).build();
  const [program] = model.programs as [(typeof model.programs)[number]];
  for (const tensor of program.tensors) Object.assign(tensor, { scale: 1 / 16, zeroPoint: 0 });
  Object.assign(model.sources[0] as StoredSource, { encoding: 'int8', values: Int8Array.from(weights) });
  Object.assign(program.operators[0]!, {
    activation: [-128, 127],
    bias: new Int32Array(2),
    effectiveScale: new Float64Array(2).fill(1 / 100),
  });
  return fileOf('image.htpw', pack({ ...model, metadata: { ...model.metadata, labels } }));
}

const SAME = [100, 0, 0, 100] as const;
const CROSSED = [0, 100, 100, 0] as const;
const WORDS = ['no', 'yes'];

/** Real values: in the first two the first is larger, in the third the second. */
const VALUES = floats([3, 1, 1, 2], [1, 0, 2, 1, 0, 3]);

async function json(...words: string[]) {
  const { code, out, error } = await htpw(...words, '--json');
  if (code !== 0) throw new Error(error);
  return JSON.parse(out);
}

describe('htpw run', () => {
  it('names the classes with the highest scores, and keeps the tensors where that is wanted', async () => {
    const output = join(folderOf({}), 'scores.bin');
    const result = await json('run', image(SAME, WORDS), '--input', fileOf('x.npy', VALUES), '--output', output);
    expect(result).toMatchObject({ inferences: 3, outputBytes: 6, output });
    expect(result.answers[0]).toEqual({
      input: 'x.npy[0]',
      top: [
        { index: 0, label: 'no', score: 1 },
        { index: 1, label: 'yes', score: 0 },
      ],
    });
    expect([...new Int8Array(readFileSync(output))]).toEqual([16, 0, 32, 16, 0, 48]);
  });

  it('needs no output file, and shows a line an input', async () => {
    const { out } = await htpw('run', image(SAME, WORDS), '--input', fileOf('x.npy', VALUES));
    expect(out).toBe(
      '3 inferences\nx.npy[0]  no 1.000   yes 0.000\nx.npy[1]  no 2.000   yes 1.000\nx.npy[2]  yes 3.000  no 0.000\n',
    );
  });
});

describe('htpw eval', () => {
  /** In files of their own: "no" is right twice, "yes" once of two. */
  const folder = folderOf({
    'no/anna_1.npy': floats([2], [1, 0]),
    'no/ben_1.npy': floats([2], [2, 1]),
    'yes/anna_1.npy': floats([2], [0, 3]),
    'yes/ben_1.npy': floats([2], [3, 0]),
  });

  it('judges any image by a folder with a folder a class', async () => {
    const result = await json('eval', image(SAME, WORDS), '--data', folder);
    expect(result).toMatchObject({
      n: 4,
      groups: 4,
      accuracy: { value: 0.75 },
      confusion: [
        [2, 0],
        [1, 1],
      ],
    });
    expect(result.perClass.map(({ name }: { name: string }) => name)).toEqual(WORDS);
  });

  it('resamples the groups that the names of files tell', async () => {
    const result = await json('eval', image(SAME, WORDS), '--data', folder, '--group', '^[^/]+/([^_]+)_');
    expect(result).toMatchObject({ groups: 2, accuracy: { low: 0.5, value: 0.75, high: 1 } });
  });

  it('takes labels beside the inputs', async () => {
    const labels = fileOf('labels.csv', 'class\n0\n0\n1\n');
    const result = await json('eval', image(SAME), '--data', fileOf('x.npy', VALUES), '--labels', labels);
    expect(result).toMatchObject({ n: 3, accuracy: { value: 1 }, auc: { value: 1 } });
  });

  it('compares two images on the same inputs, with a paired interval', async () => {
    const words = ['eval', image(SAME, WORDS), '--data', folder, '--compare', image(CROSSED, WORDS)];
    const { comparison } = await json(...words);
    expect(comparison.accuracy).toMatchObject({
      first: { value: 0.75 },
      second: { value: 0.25 },
      difference: { value: -0.5 },
    });
    expect(comparison.agreement).toBe(0);
    expect((await htpw(...words)).out).toMatch(/accuracy {2}0\.750 {3}0\.250 {6}-0\.500/);
  });

  it('finds an image equal to itself, with an interval of no width', async () => {
    const same = image(SAME, WORDS);
    const { comparison } = await json('eval', same, '--data', folder, '--compare', same);
    expect(comparison).toMatchObject({ agreement: 1, macroF1: { difference: { low: 0, value: 0, high: 0 } } });
  });

  it.each<[what: string, words: () => string[], says: RegExp]>([
    ['inputs without labels', () => ['--data', fileOf('x.npy', VALUES)], /expected labels.*--labels/],
    ['labels for a data set', () => ['--data', 'synthetic', '--labels', 'x.csv'], /--labels: expected --data <path>/],
    ['a task for a folder', () => ['--data', folder, '--task', 'keywords'], /--task is about data sets by name/],
    ['a data set that is none', () => ['--data', 'nonsense'], /--data must be .*file or folder/],
  ])('refuses %s in one line', async (_, words, says) => {
    const { code, error } = await htpw('eval', image(SAME, WORDS), ...words());
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
  });
});

it('an input of a network that keeps something is scored by itself, whatever came before it', () => {
  const b = new ModelBuilder(1, [1, 1, 2]);
  const [kept, sum] = [b.tensor('kept', [1, 1, 2]), b.tensor('sum', [1, 1, 2])];
  for (const tensor of b.tensors) Object.assign(tensor, { scale: 1, zeroPoint: 0 });
  const whole = {
    count: [1, 1, 1],
    inputStep: [0, 0, 0],
    outputStep: [0, 0, 0],
    run: 2,
    inputOffset: 0,
    outputOffset: 0,
  };
  b.operators.push(
    { kind: 'state', name: 'kept', input: kept, output: kept, initial: 0 },
    { kind: 'add', name: 'sum', input: 0, input2: kept, output: sum, activation: [-128, 127] },
    { kind: 'copy', name: 'keep', input: sum, output: kept, ...whole, fill: false } as never,
  );
  const runtime = new Runtime(pack(b.build())).load();
  const scoring = { classes: 2, scoresOf: (output: Uint8Array) => Array.from(new Int8Array(output.buffer)) };
  const [one, other] = [Uint8Array.of(3, 7), Uint8Array.of(20, 5)];
  expect([...scoreInputs(runtime, scoring as never, [one, other, one])]).toEqual([3, 7, 20, 5, 3, 7]);
});
