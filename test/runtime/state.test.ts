/** What a program keeps: frame by frame on every variant, begun again by reset, and its memory proved to be its own. */
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import { pack } from '../../host/image/pack.ts';
import { importImage } from '../../host/import/import.ts';
import { keptBy } from '../../host/operators/registry.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute, type KeptState } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { tflite } from '../import/tflite.ts';
import { interpret } from '../import/twin/interpreter.ts';
import { FRAME, frames, keeping, wakeWord } from '../states.ts';

const BYTES = FRAME[0] * FRAME[1];
const file = wakeWord();
const { image, model, origins } = importImage(tflite(file), 'wake-word');
const view = new ImageView(image);
const heard = frames(5, 24, BYTES);
const signed = (bytes: Uint8Array) => Array.from(new Int8Array(bytes.slice().buffer));

describe('a streaming network in the shape of microWakeWord', () => {
  const kept = new Map();
  const expected = heard.map((frame) => interpret(file, [Array.from(frame)], kept).flat());

  it.each(VARIANT_NAMES)('gives frame by frame the bytes of its twin on %s, and again after a reset', (variant) => {
    const runtime = new Runtime(image, variant).load();
    for (let pass = 0; pass < 2; pass++) {
      expect(heard.map((frame) => signed(runtime.run(frame)))).toEqual(expected);
      runtime.reset();
    }
    expect(signed(runtime.load().run(heard[0]))).toEqual(expected[0]);
    expect(signed(runtime.run(heard[0])), 'the second time').not.toEqual(signed(runtime.run(heard[0])));
  });

  it('answers otherwise than without what it has kept', () => {
    const runtime = new Runtime(image).load();
    const alone = heard.map((frame) => {
      runtime.reset();
      return signed(runtime.run(frame));
    });
    expect(alone).not.toEqual(expected);
    expect(new Set(expected.flat()).size).toBeGreaterThan(5);
  });

  it('has the same bytes in the oracle, which is given the state', () => {
    const [program] = model.programs;
    const state: KeptState = new Map();
    const answers = heard.map((frame) => {
      const values = execute(model, program, [new Uint8Array(frame.buffer)], { tables: 'q31', state });
      return Array.from(values[program.outputs[0]]);
    });
    expect(answers).toEqual(expected);
  });

  it('has a state for each window, which moves in place: one copy to move it and one for what is new', () => {
    const kinds = model.programs[0].operators.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'state')).toHaveLength(4);
    const opcodes = new Set(origins.map(({ opcode }) => opcode));
    expect([opcodes.has('READ_VARIABLE'), opcodes.has('ASSIGN_VARIABLE')]).toEqual([false, false]);
    const rows = model.programs[0].operators.flatMap((operator) =>
      operator.kind === 'state' ? [model.programs[0].tensors[operator.output].shape[0]] : [],
    );
    expect(rows.toSorted()).toEqual([3, 5, 5, 7]);
  });
});

describe('reset', () => {
  it.each(Object.entries(keeping()))('begins a state of %s again, and a second inference goes on', (_, kept) => {
    const packed = pack(kept);
    const [given] = frames(3, 1, new Runtime(packed).inputBytes());
    for (const variant of VARIANT_NAMES) {
      const runtime = new Runtime(packed, variant).load();
      const trace = () => runtime.traceCrcs(given).layers;
      const [first, second] = [trace(), trace()];
      runtime.reset();
      expect([trace(), trace()]).toEqual([first, second]);
    }
  });

  it('of a program that keeps nothing does nothing, and before a load is refused', () => {
    const plain = importImage(tflite({ ...plainFile() }), 'plain').image;
    const runtime = new Runtime(plain);
    expect(() => runtime.reset()).toThrow('NOT_LOADED');
    const given = new Int8Array(4).fill(9);
    const answer = runtime.load().run(given);
    runtime.reset();
    expect(runtime.run(given)).toEqual(answer);
  });
});

function plainFile() {
  const tensor = () => ({ shape: [1, 4], scale: 1, zeroPoint: 0 });
  return {
    tensors: [tensor(), tensor()],
    operators: [{ opcode: 'RELU', inputs: [0], outputs: [1] }],
    inputs: [0],
    outputs: [1],
  };
}

/** The status with which `open` refuses an image that was changed, and where. */
function refusal(original: Uint8Array, change: (data: DataView) => void): [string, number] {
  const changed = original.slice();
  const data = new DataView(changed.buffer);
  change(data);
  data.setUint32(F.HEADER_CRC_AT, crc32(changed.subarray(F.HEADER_BYTES)), true);
  try {
    new Runtime(changed);
  } catch (error) {
    if (error instanceof StatusError) return [statusName(error.status), error.offset];
    throw error;
  }
  return ['OK', 0];
}

describe('open', () => {
  const [program] = view.programs;
  const states = program.operators.flatMap((operator) => keptBy(operator) ?? []);
  const place = (tensor: number) => program.planAt + 2 * tensor;

  it('accepts the network as it is', () => {
    expect(refusal(image, () => {})).toEqual(['OK', 0]);
  });

  it('refuses a state that shares memory with any other tensor, another state included', () => {
    const others = program.tensors.map((_, tensor) => tensor);
    for (const state of states) {
      for (const other of others.filter((tensor) => tensor !== state)) {
        const [status, offset] = refusal(image, (data) => {
          data.setUint16(place(other), data.getUint16(place(state), true), true);
        });
        expect([status, states.some((each) => place(each) === offset)], `${other} in ${state}`).toEqual([
          'BAD_PLAN',
          true,
        ]);
      }
    }
  });

  it('refuses scratch that reaches into a state', () => {
    const weighted = program.operators.filter(({ source }) => source !== F.NONE);
    for (const { at } of weighted) {
      const [status] = refusal(image, (data) => {
        data.setUint16(at + F.OPERATOR_SCRATCH_AT, data.getUint16(place(states[0]), true), true);
      });
      expect(status).toMatch(/^BAD_(PLAN|SCRATCH)$/);
    }
  });

  it('refuses a state outside the arena', () => {
    const outside = program.arenaBytes / F.ARENA_UNIT;
    for (const state of states)
      expect(refusal(image, (data) => data.setUint16(place(state), outside, true))).toEqual(['BAD_PLAN', place(state)]);
  });

  it('refuses an operator that reads what nothing has written, as a state does that is gone', () => {
    const [first] = program.operators;
    const [reader] = program.operators.filter(({ input, at }) => input === first.output && at !== first.at);
    const elsewhere = states.find((state) => state !== first.output)!;
    const renamed = refusal(image, (data) => {
      data.setUint16(first.at + F.OPERATOR_INPUT_AT, elsewhere, true);
      data.setUint16(first.at + F.OPERATOR_OUTPUT_AT, elsewhere, true);
    });
    expect(renamed).toEqual(['UNWRITTEN', reader.at]);
  });

  it('refuses a STATE whose input is not its output', () => {
    const [first] = program.operators;
    const [status, offset] = refusal(image, (data) => data.setUint16(first.at + F.OPERATOR_INPUT_AT, 0, true));
    expect([status, offset]).toEqual(['BAD_SHAPE', first.at]);
  });

  it.each(['svdf', 'lstm'] as const)('refuses %s with a state of another size', (kind) => {
    const packed = pack(keeping()[kind]);
    const [{ operators, tensors }] = new ImageView(packed).programs;
    const { at, input2 } = operators[0];
    const [status, offset] = refusal(packed, (data) => {
      data.setUint16(tensors[input2].at + F.TENSOR_WIDTH_AT, tensors[input2].width - 1, true);
    });
    expect([status, offset]).toEqual(['BAD_SHAPE', at]);
  });
});
