/** The networks of MLPerf Tiny are those that were published, and compute what the reference computes. */
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import { macs } from '../../host/model/weights.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { Random } from '../../host/system/random.ts';

const PUBLISHED = {
  kws: { macs: 2_656_768, operators: 12, input: [49, 10, 1], output: 12 },
  ic: { macs: 12_501_632, operators: 15, input: [32, 32, 3], output: 10 },
  vww: { macs: 7_489_664, operators: 30, input: [96, 96, 3], output: 2 },
  ad: { macs: 264_192, operators: 10, input: [1, 1, 640], output: 640 },
};

describe.each(TOPOLOGIES)('$name, $description', ({ name, build }) => {
  const model = build();
  const [program] = model.programs;
  const expected = PUBLISHED[name];

  it('has the multiply-accumulates, operators, input and output of the published model', () => {
    expect(macs(model)).toBe(expected.macs);
    expect(program.operators.length).toBe(expected.operators);
    expect(program.tensors[program.inputs[0]].shape).toEqual(expected.input);
    expect(program.tensors[program.outputs[0]].shape).toEqual([1, 1, expected.output]);
  });

  it('is the same model every time', () => {
    expect(build()).toEqual(model);
  });

  it('needs no clamping apart from that to 8 bits', () => {
    for (const operator of program.operators)
      if ('activation' in operator) expect(operator.activation).toEqual([-128, 127]);
  });

  it('gives the bytes of the reference, which depend on the input', () => {
    const image = pack(model, { tables: 'q31' });
    const random = new Random(2);
    const size = expected.input[0] * expected.input[1] * expected.input[2];
    const inputs = [() => random.below(256), () => 60].map((value) => Uint8Array.from({ length: size }, value));
    const values = inputs.map((input) => execute(model, program, [input], { tables: 'q31' }));
    const scores = program.operators.findLast(({ kind }) => kind === 'fullyConnected')!.output; // before softmax
    expect(values[0][scores]).not.toEqual(values[1][scores]);
    const outputs = values.map((tensors) => tensors[program.outputs[0]]);
    for (const variant of VARIANT_NAMES) {
      const runtime = new Runtime(image, variant).load();
      expect(inputs.map((input) => new Int8Array(runtime.run(input).buffer))).toEqual(outputs);
    }
  });
});
