/** classify: real numbers in, a class out; as quantize, run and dequantize by hand, and clear where it cannot be. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import type { Model } from '../../host/model/model.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { ModelBuilder, random } from '../zoo.ts';

const LABELS = ['yes', 'no', 'up', 'down', 'left'];
const labelled = (model: Model, labels?: string[]): Runtime =>
  new Runtime(pack({ ...model, metadata: { ...model.metadata, labels } })).load();

/** A dense layer to five classes, of which none always wins; then whatever else. */
function classifier(seed: number, then = (b: ModelBuilder) => b): Model {
  const model = then(new ModelBuilder(seed, [4, 4, 2]).fullyConnected(LABELS.length)).build();
  for (const operator of model.programs[0].operators)
    if (operator.kind === 'fullyConnected')
      Object.assign(operator, {
        activation: [-128, 127],
        bias: new Int32Array(LABELS.length),
        effectiveScale: new Float64Array(LABELS.length).fill(1 / 2000),
      });
  return model;
}

/** Real numbers all over the range of an input. */
function values({ inputs }: Runtime, seed: number, input = 0): Float32Array {
  const next = random(seed);
  const { shape, scale, zeroPoint } = inputs[input];
  return Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => scale * (256 * next() - 128 - zeroPoint));
}

describe('classify', () => {
  it('is quantize, run and dequantize, and the largest of what comes out', () => {
    const runtime = labelled(classifier(3), LABELS);
    const chosen = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const input = values(runtime, seed);
      const scores = runtime.dequantize(runtime.run(runtime.quantize(input)));
      const score = Math.max(...scores);
      const index = scores.indexOf(score); // the first of equals
      expect(runtime.classify(input)).toEqual({ index, label: LABELS[index], score, scores });
      chosen.add(index);
    }
    expect(chosen.size).toBeGreaterThan(1);
  });

  it('takes the first of equal scores', () => {
    const model = classifier(3);
    for (const operator of model.programs[0].operators)
      if (operator.kind === 'fullyConnected') operator.activation = [5, 5];
    const runtime = labelled(model, LABELS);
    const { index, scores } = runtime.classify(values(runtime, 1));
    expect(new Set(scores).size).toBe(1);
    expect(index).toBe(0);
  });

  it('gives no label where the image has none', () => {
    const runtime = labelled(classifier(3));
    expect(runtime.classify(values(runtime, 1)).label).toBe(null);
  });

  it('takes the index of a network that ends in an argmax', () => {
    const [plain, ending] = [
      labelled(classifier(4)),
      labelled(
        classifier(4, (b) => b.argmax()),
        LABELS,
      ),
    ];
    const seen = Array.from({ length: 30 }, (_, seed) => {
      const { index, label, score, scores } = ending.classify(values(plain, seed));
      expect([score, scores, label]).toEqual([null, null, LABELS[index]]);
      expect(index).toBe(plain.classify(values(plain, seed)).index);
      return index;
    });
    expect(new Set(seen).size).toBeGreaterThan(1);
  });

  it('takes a list for each of several inputs', () => {
    const b = new ModelBuilder(1, [1, 1, 5]);
    const second = b.tensor('second', [1, 1, 5]);
    b.add(0);
    const model = b.build();
    model.programs[0].inputs.push(second);
    const runtime = labelled(model, LABELS);
    const lists = [values(runtime, 1), values(runtime, 2, 1)];
    const byHand = runtime.run(lists.map((list, i) => runtime.quantize(list, i)));
    expect(runtime.classify(lists).scores).toEqual(runtime.dequantize(byHand));
    expect(() => runtime.classify(lists[0])).toThrow('classify: expected as many lists of numbers as inputs, 2, got 1');
  });

  it('takes plain numbers and the pixels of a canvas', () => {
    const runtime = labelled(classifier(5));
    const pixels = Uint8ClampedArray.from({ length: 32 }, (_, i) => 8 * i);
    expect(runtime.classify(pixels)).toEqual(runtime.classify([...pixels]));
  });

  it('refuses an output that is more than one row of scores, and says what to take', () => {
    const b = new ModelBuilder(6, [4, 4, 2]);
    const runtime = labelled(b.pointwise(3).build());
    expect(() => runtime.classify(values(runtime, 1))).toThrow(
      'classify: expected one row of scores, got 4 x 4 x 3; take run and dequantize',
    );
  });

  it.each([
    ['nothing', undefined, 'quantize: expected 32 values (4 x 4 x 2), got undefined'],
    ['too few', [1, 2, 3], 'quantize: expected 32 values (4 x 4 x 2), got 3'],
    ['text', Array(32).fill('a'), 'quantize: value 0: expected a number, got a'],
  ])('refuses %s, and goes on', (_, input, message) => {
    const runtime = labelled(classifier(3));
    expect(() => runtime.classify(input as number[])).toThrow(message);
    expect(runtime.classify(values(runtime, 1)).index).toBeGreaterThanOrEqual(0);
  });

  it('needs a loaded program', () => {
    const runtime = new Runtime(readFileSync('models/ecg-beats.htpw'));
    expect(() => runtime.classify(new Float32Array(320))).toThrow('classify: NOT_LOADED');
  });
});
