/** What open proves of branches: where they are, and that whatever is read was written, whichever were taken. */
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import type * as S from '../../assembly/status.ts';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView, type OperatorView } from '../../host/records/view.ts';
import { instantiate } from '../../host/runtime/node.ts';
import { statusName } from '../../host/runtime/status.ts';
import { ModelBuilder } from '../zoo.ts';

/**
 * Operators 0 fully connected, 1 ROUTE, 2 and 3 the first branch, 4 and 5 the second, 6 behind both, 7 a ROUTE, 8 and 9 its
 * branches, 10 behind them. All tensors but scores have one shape, so that each could be read anywhere.
 */
function program(): { image: Uint8Array; operators: OperatorView[]; tables: number } {
  const b = new ModelBuilder(1, [1, 1, 2]);
  b.fullyConnected(2);
  const before = b.newest;
  const two = (first: number) => () => b.from(first).fullyConnected(2).from(null).extremum('minimum', before);
  b.route([two(0), two(before)]).fullyConnected(2);
  const middle = b.newest;
  b.route([() => b.from(middle).fullyConnected(2), () => b.from(before).fullyConnected(2)]).fullyConnected(2);
  b.tensor('never written', [1, 1, 2]);
  b.tensor('one score', [1, 1, 1]);
  b.tensor('scores at two places', [1, 2, 2]);
  const model = b.build([b.operators.at(-1)!.output]);
  for (const operator of model.programs[0].operators) if ('residency' in operator) operator.residency = 'flash';
  const image = pack(model);
  const view = new ImageView(image);
  return { image, operators: view.programs[0].operators, tables: view.section(F.SECTION_TABLES).offset };
}

const { image, operators, tables } = program();
const view = new ImageView(image);
const { outputs, tensors } = view.programs[0];
const [never, one, places] = [3, 2, 1].map((n) => tensors.length - n);

/** The status and the offset that open gives. */
function opened(bytes: Uint8Array): [status: string, offset: number] {
  const wasm = instantiate('scalar');
  const memory = () => new Uint8Array(wasm.memory.buffer);
  wasm.memory.grow(Math.ceil(bytes.length / 65_536));
  memory().set(bytes, 96);
  const status = wasm.open(96, bytes.length, 16);
  return [statusName(status), status < 0 ? new DataView(wasm.memory.buffer).getUint32(80, true) : 0];
}

type Edit = (data: DataView) => void;
const edited = (edit: Edit) => {
  const copy = image.slice();
  edit(new DataView(copy.buffer));
  new DataView(copy.buffer).setUint32(F.HEADER_CRC_AT, crc32(copy.subarray(F.HEADER_BYTES)), true);
  return copy;
};
const count = (route: number, branch: number, value: number) => (data: DataView) =>
  data.setInt32(tables + operators[route].table + 4 * branch, value, true);
const field = (operator: number, at: number, value: number) => (data: DataView) =>
  data.setUint16(operators[operator].at + at, value, true);
const all =
  (...edits: Edit[]): Edit =>
  (data) => {
    for (const edit of edits) edit(data);
  };

const WRONG: [what: string, edit: Edit, status: keyof typeof S, at: number][] = [
  ['a branch that goes on behind the last operator', count(7, 1, 3), 'BAD_ROUTE', operators[7].at],
  ['branches that have a route of their own', count(1, 1, 4), 'BAD_ROUTE', operators[7].at],
  ['a route that is the last of a branch', count(1, 1, 5), 'BAD_ROUTE', operators[7].at],
  ['as many operators as no program has', count(1, 0, 257), 'BAD_TABLE', operators[1].at],
  ['a negative number of operators', count(1, 1, -1), 'BAD_TABLE', operators[1].at],
  [
    'counts that end behind their section',
    (data) => {
      data.setUint32(operators[7].at + F.OPERATOR_TABLE_AT, view.section(F.SECTION_TABLES).size - 4, true);
    },
    'BAD_TABLE',
    operators[7].at,
  ],
  ['one score', field(1, F.OPERATOR_INPUT_AT, one), 'BAD_SHAPE', operators[1].at],
  ['scores at two places', field(1, F.OPERATOR_INPUT_AT, places), 'BAD_SHAPE', operators[1].at],
  ['an output of two values', field(1, F.OPERATOR_OUTPUT_AT, never), 'BAD_SHAPE', operators[1].at],
  ['a weight source', field(1, F.OPERATOR_SOURCE_AT, 0), 'BAD_REFERENCE', operators[1].at],
  ['scores that nothing has written', field(1, F.OPERATOR_INPUT_AT, never), 'UNWRITTEN', operators[1].at],
  // the first branch ends early: the second begins with an operator of it
  ['an operator that is moved to the next branch', all(count(1, 0, 1), count(1, 1, 3)), 'UNWRITTEN', operators[3].at],
  ['a branch that has lost its end to what follows', count(1, 1, 1), 'UNWRITTEN', operators[5].at],
  [
    'a branch that reads what another branch wrote',
    field(5, F.OPERATOR_INPUT_AT, operators[2].output),
    'UNWRITTEN',
    operators[5].at,
  ],
  [
    'a second input that another branch wrote',
    field(5, F.OPERATOR_INPUT2_AT, operators[2].output),
    'UNWRITTEN',
    operators[5].at,
  ],
  [
    'an operator behind the branches that reads what one of them wrote',
    field(6, F.OPERATOR_INPUT_AT, operators[4].output),
    'UNWRITTEN',
    operators[6].at,
  ],
  [
    'a branch that reads what it writes later',
    field(4, F.OPERATOR_INPUT_AT, operators[5].output),
    'UNWRITTEN',
    operators[4].at,
  ],
  [
    'a branch that does not write what is read behind',
    field(5, F.OPERATOR_OUTPUT_AT, never),
    'UNWRITTEN',
    operators[6].at,
  ],
  [
    'an operator in front of all branches that reads what nothing has written',
    field(0, F.OPERATOR_INPUT_AT, never),
    'UNWRITTEN',
    operators[0].at,
  ],
  [
    'an output that one branch alone has written',
    (data) => data.setUint16(outputs[0].at, operators[4].output, true),
    'UNWRITTEN',
    outputs[0].at,
  ],
];

describe('open refuses', () => {
  it.each(WRONG)('%s', (_, edit, status, at) => {
    expect(opened(edited(edit))).toEqual([status, at]);
  });

  it('reads of so many operators that proving them takes longer than the image is worth', () => {
    const b = new ModelBuilder(1, [1, 1, 2]);
    b.tensors[0].zeroPoint = -128;
    b.route([() => b.from(0).softmax(), () => b.from(0).softmax()]);
    const model = b.build();
    const softmax = model.programs[0].operators.at(-1)!;
    // all read what was written last, and write what nothing reads
    model.programs[0].tensors.push({ ...model.programs[0].tensors[softmax.output] });
    const output = model.programs[0].tensors.length - 1;
    const many = Array.from({ length: 250 }, () => ({ ...softmax, input: softmax.output, output }));
    model.programs[0].operators.push(...many);
    expect(opened(pack(model))[0]).toBe('OK');
    model.programs[0].inputs = Array.from({ length: 255 }, () => 0);
    expect(opened(pack(model))[0]).toBe('BAD_WORK');
  });
});

describe('open accepts', () => {
  it('the same program as it is, and an empty branch where the output was written before', () => {
    expect(opened(image)).toEqual(['OK', 0]);
    // the second branch of the last route has nothing, and all write the tensor that is read behind them
    const early = all(
      count(7, 0, 2),
      count(7, 1, 0),
      field(6, F.OPERATOR_OUTPUT_AT, operators[8].output),
      field(7, F.OPERATOR_INPUT_AT, operators[8].output),
      field(8, F.OPERATOR_INPUT_AT, operators[0].output),
    );
    expect(opened(edited(early))).toEqual(['OK', 0]);
  });

  it('reads of what nothing has written where a program has no route, as ever', () => {
    const b = new ModelBuilder(1, [1, 1, 2]);
    const unwritten = b.tensor('unwritten', [1, 1, 2]);
    expect(opened(pack(b.from(unwritten).softmax().from(null).build()))).toEqual(['OK', 0]);
  });
});

describe('the host', () => {
  it('reads branches back as they were packed', () => {
    const { model, tables } = unpack(view);
    const routes = model.programs[0].operators.flatMap((operator) =>
      operator.kind === 'route' ? [operator.branches] : [],
    );
    expect(routes).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect(Buffer.compare(pack(model, { tables }), image)).toBe(0);
  });

  it.each([
    ['counts of another number than scores', [1, 1, 1], /expected the number of operators of each of 2 branches, one/],
    ['a count that is no number of operators', [1, 1.5], /expected the number of operators of each of 2 branches, one/],
    [
      'branches that go on behind the last operator',
      [2, 4],
      /^operator 7: expected branches that end with operator 10, got 13$/,
    ],
  ])('refuses to pack %s', (_, branches, message) => {
    const { model } = unpack(new ImageView(image));
    const route = model.programs[0].operators[7];
    if (route.kind === 'route') route.branches = branches;
    expect(() => pack(model)).toThrow(message);
  });

  it('refuses to pack a route in a branch of another', () => {
    const { model } = unpack(new ImageView(image));
    const route = model.programs[0].operators[1];
    if (route.kind === 'route') route.branches = [2, 4];
    expect(() => pack(model)).toThrow(/^operator 7: expected no route in a branch of another$/);
  });
});
