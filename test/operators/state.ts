/** STATE: its rows, values that are wrong, files of every way to keep a window, and random ones. */
import { activation, integers } from '../import/specs.ts';
import { type FileSpec, int32, type OperatorSpec, text } from '../import/tflite.ts';
import { type Step, size } from '../import/twin/dice.ts';
import type { OperatorTests } from '../operatorTests.ts';
import { input, type Rows, zeroPoint } from '../rows.ts';

/** A window that moves by what is new, and something that is counted up in place. */
const rows: Rows = [
  32,
  (b, i) => {
    const [length, news, channels] = [b.integer(1, 9), b.integer(1, 3), b.integer(1, 9)];
    input(b, news, 1, channels);
    for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
    const { scale, zeroPoint: zero } = b.tensors[0];
    const window = b.tensor('window', [length + news, 1, channels], 'i8', zero, scale);
    const state = { kind: 'state' as const, name: 'window', input: window, output: window };
    b.operators.push({ ...state, initial: b.pick([zero, -128, 127, b.integer(-128, 127)]) });
    const whole = { kind: 'copy' as const, count: [1, 1, 1], inputStep: [0, 0, 0], outputStep: [0, 0, 0] };
    const move = { run: length * channels, inputOffset: news * channels, outputOffset: 0, fill: false };
    const add = { run: news * channels, inputOffset: 0, outputOffset: length * channels, fill: false };
    b.operators.push({ ...whole, ...move, name: 'move', input: window, output: window } as never);
    b.operators.push({ ...whole, ...add, name: 'new', input: 0, output: window } as never);
    b.from(window).fullyConnected(1 + (i % 7), b.pick(['int8', 'int4']));
    b.from(null).lookup();
  },
];

const named = (name: string) => ({ optionsType: 111, options: { 0: text(''), 1: text(name) } });
const handle = (tensor: number, name: string): OperatorSpec => ({
  opcode: 'VAR_HANDLE',
  inputs: [],
  outputs: [tensor],
  ...named(name),
});
const plain = (opcode: string, inputs: number[], outputs: number[]): OperatorSpec => ({ opcode, inputs, outputs });
const resource = () => ({ shape: [], type: 'RESOURCE' });
const concatenation = (inputs: number[], output: number): OperatorSpec => ({
  ...plain('CONCATENATION', inputs, [output]),
  optionsType: 10,
  options: { 0: int32(1) },
});
const callOnce = { ...plain('CALL_ONCE', [], []), optionsType: 103, options: { 0: int32(1) } };

/** [1, 2, 1, 3] of a window of 5 that moves by them; CALL_ONCE begins it with `initial`. */
function moving(initial: number): FileSpec {
  return {
    tensors: [
      activation([1, 2, 1, 3]),
      resource(),
      activation([1, 3, 1, 3]),
      activation([1, 5, 1, 3]),
      integers(0, 2, 0, 0),
      integers(0, 5, 0, 0),
      integers(1, 1, 1, 1),
      activation([1, 3, 1, 3]),
    ],
    operators: [
      callOnce,
      handle(1, 'window'),
      plain('READ_VARIABLE', [1], [2]),
      concatenation([2, 0], 3),
      { ...plain('STRIDED_SLICE', [3, 4, 5, 6], [7]), optionsType: 32, options: { 0: int32(13), 1: int32(13) } },
      plain('ASSIGN_VARIABLE', [1, 7], []),
    ],
    inputs: [0],
    outputs: [3],
    called: [
      {
        tensors: [resource(), { ...activation([1, 3, 1, 3]), data: new Array(9).fill(initial) }],
        operators: [handle(0, 'window'), plain('ASSIGN_VARIABLE', [0, 1], [])],
        inputs: [],
        outputs: [],
      },
    ],
  };
}

/** What is read is used again behind the assignment. */
const latest = (): FileSpec => ({
  tensors: [activation([1, 4]), resource(), activation([1, 4]), activation([1, 8])],
  operators: [
    handle(1, 'latest'),
    plain('READ_VARIABLE', [1], [2]),
    plain('ASSIGN_VARIABLE', [1, 0], []),
    concatenation([2, 0], 3),
  ],
  inputs: [0],
  outputs: [3],
});

/** Keeps what it reads, or a part of a window, for the next time; the window goes on. */
const window: Step = (dice, draft, from) => {
  const own = draft.at(from);
  if (own.shape.length !== 4) return null;
  const [, news, ...others] = own.shape;
  const kept = dice.whole(1, 5);
  const name = `window ${draft.operators.length}`;
  const resourceOf = () => draft.append('VAR_HANDLE', [], [resource()], named(name));
  const like = (rows: number) => ({ ...own, shape: [1, rows, ...others] });
  const values = new Array(size(like(kept).shape)).fill(dice.pick([own.zeroPoint, 0, dice.whole(-128, 127)]));
  if (dice.chance(0.7)) {
    draft.append('CALL_ONCE', [], [], { optionsType: 103, options: { 0: int32(draft.called.length + 1) } });
    draft.called.push({
      tensors: [resource(), { ...like(kept), data: values }],
      operators: [handle(0, name), plain('ASSIGN_VARIABLE', [0, 1], [])],
      inputs: [],
      outputs: [],
    });
  }
  const variable = resourceOf();
  const before = draft.append('READ_VARIABLE', [variable], [like(kept)]);
  const order = dice.chance(0.8) ? [before, from] : [from, before];
  const options = { optionsType: 10, options: { 0: int32(1) } };
  const whole = draft.append('CONCATENATION', order, [like(kept + news)], options);
  const begin = integers(0, dice.chance(0.8) ? news : dice.whole(0, news), 0, 0);
  const cut = draft.append('SLICE', [whole, begin, integers(1, kept, ...others)], [like(kept)]);
  draft.append('ASSIGN_VARIABLE', [dice.chance(0.5) ? variable : resourceOf(), cut], []);
  return dice.chance(0.8) ? whole : before;
};

export default {
  rows: { state: rows },
  wrong: {
    state: [
      ['a first value above 127', 0, 128],
      ['a first value below -128', 0, -129],
    ],
  },
  fixtures: {
    'CALL_ONCE, VAR_HANDLE, READ_VARIABLE and ASSIGN_VARIABLE of a window that moves': {
      file: moving(-7),
      kinds: ['state', 'copy', 'copy'],
    },
    'ASSIGN_VARIABLE in front of what uses the value before': {
      file: latest(),
      kinds: ['state', 'copy', 'copy', 'copy', 'copy'],
    },
    'SPLIT_V into unequal parts': {
      file: {
        tensors: [activation([1, 2, 5]), integers(2, -1), integers(2), activation([1, 2, 2]), activation([1, 2, 3])],
        operators: [{ ...plain('SPLIT_V', [0, 1, 2], [3, 4]), optionsType: 79, options: { 0: int32(2) } }],
        inputs: [0],
        outputs: [3, 4],
      },
      kinds: ['copy', 'copy'],
    },
  },
  steps: { window },
} satisfies OperatorTests;
