/** The trust boundary: a damaged image gets a named status; never a trap, and nothing outside the arena is written. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import * as S from '../../assembly/status.ts';
import { pack } from '../../host/image/pack.ts';
import { withResidency } from '../../host/image/seal.ts';
import { scratchBytes } from '../../host/layout/scratch.ts';
import type { Shape, Tensor } from '../../host/model/model.ts';
import { OPERATORS } from '../../host/operators/registry.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { worstImages } from '../../host/reliability/worstCases.ts';
import { instantiate, Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { SOURCES } from '../../host/sources/registry.ts';
import { damagedImages } from '../hostile.ts';
import { routed } from '../routes.ts';
import { soundFeatures } from '../shapes.ts';
import { type Edit, FIXTURES, ofSources, type Wrong } from '../sources.ts';
import { keeping } from '../states.ts';
import { everything, ModelBuilder } from '../zoo.ts';

const IMAGES = 20_000;
const NAMES = new Set(Object.values(S));
const CANARY = 0xa5;

/**
 * Memory with nothing to spare: the image ends with the last page, so that reading past it traps; everything but arena,
 * input and output is compared afterwards.
 *
 *   | workspace | canary | arena | input | output | canary | image |
 */
class TightRuntime {
  private readonly wasm = instantiate('scalar');
  private readonly memory: Uint8Array;

  constructor(pages: number) {
    this.wasm.memory.grow(pages);
    this.memory = new Uint8Array(this.wasm.memory.buffer);
  }

  /** open, load, invoke twice; the first refusal or 0. Throws on a trap or a write outside. */
  run(image: Uint8Array): number {
    const { memory, wasm } = this;
    memory.fill(CANARY);
    const at = (memory.length - image.length) & ~15;
    memory.set(image, at);
    const opened = wasm.open(at, image.length, 16);
    if (opened < 0) {
      if (new DataView(memory.buffer).getUint32(16 + 64, true) > image.length)
        throw new Error(`refusal at an offset past the image`);
      return opened;
    }
    const arena = 4096;
    const arenaBytes = wasm.arenaBytes(at, 0);
    const input = arena + arenaBytes;
    const output = input + wasm.inputBytes(at, 0);
    const end = output + wasm.outputBytes(at, 0);
    if (end > at - 4096) return 0; // more RAM than this test has
    const status = wasm.load(at, 0, arena, arenaBytes);
    if (status < 0) return status;
    for (let i = 0; i < 2; i++) {
      const invoked = wasm.invoke(arena, input, output);
      if (invoked < 0) throw new Error(`invoke of a proved image: ${statusName(invoked)}`);
    }
    for (let o = 0; o < wasm.operators(arena); o++) wasm.checkWeights(arena, o, 16);
    expectUntouched(memory.subarray(96, arena), 'before the arena');
    expectUntouched(memory.subarray(end, at), 'behind the output');
    if (Buffer.compare(memory.subarray(at, at + image.length), image) !== 0)
      throw new Error('the image was written to');
    return 0;
  }
}

const UNTOUCHED = new Uint8Array(1 << 20).fill(CANARY);

function expectUntouched(bytes: Uint8Array, where: string): void {
  if (Buffer.compare(bytes, UNTOUCHED.subarray(0, bytes.length)) === 0) return;
  throw new Error(`byte ${bytes.findIndex((byte) => byte !== CANARY)} ${where} was written`);
}

describe('damaged images', () => {
  it('are made of every kind of operator, weight source and generator', () => {
    const { programs, sources, generators } = view;
    const others = [features, branches, ...kept].flatMap((bytes) => new ImageView(bytes).programs[0].operators);
    const operators = [...programs[0].operators, ...others];
    const kinds = (records: readonly { kind: number }[]) => [...new Set(records.map(({ kind }) => kind))].sort();
    const codes = (registry: Record<string, { code: number }>) => Object.values(registry).map(({ code }) => code);
    expect(kinds(operators)).toEqual(codes(OPERATORS).sort());
    expect(kinds(sources)).toEqual(codes(SOURCES).sort());
    expect(kinds(generators)).toEqual(kinds(sources).filter((kind) => kind !== SOURCES.stored.code));
  });

  it(`${IMAGES} of them end in named statuses, without a trap or a write outside the arena`, () => {
    const originals = [1, 2, 3].flatMap((seed) => [
      pack(everything(seed).build()),
      pack(ofSources(seed).build()),
      withResidency(pack(everything(seed).build(), { tables: 'q31', lossless: true }), 'stream'),
    ]);
    originals.push(features, branches, ...kept);
    // of these, one has four programs on the codebooks that they share, one a route and its branches
    const committed = ['ecg-beats', 'papers/joined', 'papers/route-uci-har'].map((name) => `models/${name}.htpw`);
    originals.push(...committed.filter((path) => existsSync(path)).map((path) => new Uint8Array(readFileSync(path))));
    const runtime = new TightRuntime(8);
    const seen = new Map<number, number>();
    originals.forEach((original, i) => {
      const damaged = damagedImages(original, i);
      for (let n = 0; n < Math.ceil(IMAGES / originals.length); n++) {
        const status = runtime.run(damaged.next().value as Uint8Array);
        if (!NAMES.has(status)) throw new Error(`status ${status} has no name`);
        seen.set(status, (seen.get(status) ?? 0) + 1);
      }
    });
    // the damage must reach every check of open but those below, and some of it must be harmless
    const unreached: number[] = [S.BAD_ALIGNMENT, S.NOT_BUILT_IN, S.BAD_DEPTH, S.BAD_WORK];
    const openStatuses = Object.entries(S).filter(
      ([, code]) => code <= 0 && code > S.NO_SUCH_PROGRAM && !unreached.includes(code),
    );
    expect(openStatuses.filter(([, code]) => !seen.has(code)).map(([name]) => name)).toEqual([]);
  });

  it('is truncated at every length: refused, with an offset inside', () => {
    const image = pack(everything(1).build());
    const runtime = new TightRuntime(4);
    for (let length = 0; length < image.length; length++)
      expect(runtime.run(image.slice(0, length)), `${length} bytes`).toBeLessThan(0);
  });
});

const features = pack(soundFeatures());
const branches = pack(routed(1, 3));
const kept = Object.values(keeping()).map((model) => pack(model));

/** One precise wrong value each, CRC made right: [what, edit, status, offset of the refusal] */
const image = pack(everything(1).build());
const view = new ImageView(image);
const [program] = view.programs;
const [standardize, convolution, depthwise] = program.operators;
const first = (kind: number) => program.operators.find((operator) => operator.kind === kind)!;
const lookup = first(OPERATORS.lookup.code);
const mean = first(OPERATORS.mean.code);
const multiply = first(OPERATORS.multiply.code);
const section = (kind: number) => F.HEADER_BYTES + view.sections.findIndex((s) => s.kind === kind) * F.SECTION_BYTES;
const WRONG: Wrong[] = [
  ['magic', (d) => d.setUint32(0, 0x12345678, true), S.BAD_MAGIC, 0],
  ['version', (d) => d.setUint16(4, 99, true), S.BAD_VERSION, 4],
  ['header size', (d) => d.setUint16(6, 64, true), S.BAD_HEADER, 6],
  ['total above the bytes at hand', (d) => d.setUint32(8, image.length + 1, true), S.TRUNCATED, image.length],
  ['reserved field', (d) => d.setUint32(24, 1, true), S.BAD_HEADER, 24],
  ['no program', (d) => d.setUint16(18, 0, true), S.BAD_HEADER, 18],
  [
    'offset + size that wraps',
    (d) => d.setUint32(section(F.SECTION_WEIGHTS) + F.SECTION_SIZE_AT, 0xfffffff0, true),
    S.BAD_SECTION,
    section(F.SECTION_WEIGHTS),
  ],
  ['zero dimension', (d) => d.setUint16(program.tensors[1].at, 0, true), S.BAD_TENSOR, program.tensors[1].at],
  ['tensor past the arena', (d) => d.setUint16(program.planAt, 0xffff, true), S.BAD_PLAN, program.planAt],
  ['tensor over the arena header', (d) => d.setUint16(program.planAt, 0, true), S.BAD_PLAN, program.planAt],
  ['stride zero', (d) => d.setUint8(convolution.at + F.OPERATOR_STRIDE_WIDTH_AT, 0), S.BAD_OPERATOR, convolution.at],
  [
    'padding as wide as the kernel',
    (d) => d.setUint8(convolution.at + F.OPERATOR_PAD_LEFT_AT, 7),
    S.BAD_OPERATOR,
    convolution.at,
  ],
  ['unknown operator', (d) => d.setUint8(convolution.at, 77), S.BAD_OPERATOR, convolution.at],
  [
    'tensor index past the table',
    (d) => d.setUint16(convolution.at + F.OPERATOR_INPUT_AT, 9999, true),
    S.BAD_REFERENCE,
    convolution.at,
  ],
  [
    'source index past the table',
    (d) => d.setUint16(depthwise.at + F.OPERATOR_SOURCE_AT, 9999, true),
    S.BAD_REFERENCE,
    depthwise.at,
  ],
  [
    'table past its section',
    (d) => d.setUint32(depthwise.at + F.OPERATOR_TABLE_AT, 0x7ffffffc, true),
    S.BAD_TABLE,
    depthwise.at,
  ],
  [
    'shift of one channel, below -31 (compact tables)',
    (d) => d.setUint16(view.section(F.SECTION_TABLES).offset + depthwise.table + 4, 0xf800, true), // 31 below the largest
    S.BAD_TABLE,
    depthwise.at,
  ],
  [
    'marker peak out of range',
    (d) => d.setInt32(view.section(F.SECTION_TABLES).offset + standardize.table + 12, 1000, true),
    S.BAD_TABLE,
    standardize.at,
  ],
  [
    'lookup table that ends past the section',
    (d) => d.setUint32(lookup.at + F.OPERATOR_TABLE_AT, view.section(F.SECTION_TABLES).size - 252, true),
    S.BAD_TABLE,
    lookup.at,
  ],
  [
    'lookup without a table',
    (d) => d.setUint8(lookup.at + F.OPERATOR_ENCODING_AT, F.TABLE_NONE),
    S.BAD_TABLE,
    lookup.at,
  ],
  [
    'lookup to another shape',
    (d) => d.setUint16(program.tensors[lookup.output].at + F.TENSOR_CHANNELS_AT, 5, true),
    S.BAD_SHAPE,
    lookup.at,
  ],
  ['lookup of raw samples', (d) => d.setUint16(lookup.at + F.OPERATOR_INPUT_AT, 0, true), S.BAD_SHAPE, lookup.at],
  [
    'shift of a product, one more than leaves it whole',
    (d) => d.setInt32(view.section(F.SECTION_TABLES).offset + multiply.table + 4, 15, true),
    S.BAD_TABLE,
    multiply.at,
  ],
  [
    'multiplier of a product',
    (d) => d.setInt32(view.section(F.SECTION_TABLES).offset + multiply.table, 1, true),
    S.BAD_TABLE,
    multiply.at,
  ],
  [
    'second input of a product past the table',
    (d) => d.setUint16(multiply.at + F.OPERATOR_INPUT2_AT, 9999, true),
    S.BAD_REFERENCE,
    multiply.at,
  ],
  [
    'second input of a product that has another shape',
    (d) => d.setUint16(multiply.at + F.OPERATOR_INPUT2_AT, 1, true),
    S.BAD_SHAPE,
    multiply.at,
  ],
  [
    'negative multiplier of a mean',
    (d) => d.setInt32(view.section(F.SECTION_TABLES).offset + mean.table, -1, true),
    S.BAD_TABLE,
    mean.at,
  ],
  [
    'shift of a mean below -31',
    (d) => d.setInt32(view.section(F.SECTION_TABLES).offset + mean.table + 4, -32, true),
    S.BAD_TABLE,
    mean.at,
  ],
  [
    'shift with which the sum of a mean would wrap',
    (d) => d.setInt32(view.section(F.SECTION_TABLES).offset + mean.table + 4, 21, true), // 3 positions: 20 is good
    S.BAD_TABLE,
    mean.at,
  ],
  [
    'mean that keeps its width',
    (d) => d.setUint16(program.tensors[mean.output].at + F.TENSOR_WIDTH_AT, 2, true),
    S.BAD_SHAPE,
    mean.at,
  ],
  [
    'scratch too small',
    (d) => d.setUint16(convolution.at + F.OPERATOR_SCRATCH_AT, program.arenaBytes / F.ARENA_UNIT - 1, true),
    S.BAD_SCRATCH,
    convolution.at,
  ],
  [
    'residency that does not exist',
    (d) => d.setUint8(convolution.at + F.OPERATOR_RESIDENCY_AT, 9),
    S.BAD_RESIDENCY,
    convolution.at,
  ],
  [
    'trailer TLV longer than its section',
    (d) => d.setUint16(view.section(F.SECTION_TRAILER).offset + 2, 500, true),
    S.BAD_TRAILER,
    view.section(F.SECTION_TRAILER).offset,
  ],
];

/** Second inputs of element-wise operators of a tensor of 2 x 3 x 5 values, and what `open` says of them. */
const SECONDS: [what: string, shape: Shape, type: Tensor['type'], status: number][] = [
  ['one value less for each channel', [1, 1, 4], 'i8', S.BAD_SHAPE],
  ['one value for all', [1, 1, 1], 'i8', S.BAD_SHAPE],
  ['one value for each position', [2, 3, 1], 'i8', S.BAD_SHAPE],
  ['one row', [1, 3, 5], 'i8', S.BAD_SHAPE],
  ['one column', [2, 1, 5], 'i8', S.BAD_SHAPE],
  ['one row too many', [3, 3, 5], 'i8', S.BAD_SHAPE],
  ['as many values in other channels', [5, 2, 3], 'i8', S.BAD_SHAPE],
  ['samples of 16 bits', [2, 3, 5], 'i16', S.BAD_SHAPE],
  ['samples of 16 bits for each channel', [1, 1, 5], 'i16', S.BAD_SHAPE],
  ['as many positions in other rows', [3, 2, 5], 'i8', S.OK], // they lie in memory as they should
];
const FIRST: Shape = [2, 3, 5];
const ELEMENT_WISE = ['add', 'signedAdd', 'multiply', 'minimum', 'maximum'] as const;

/** A program of one such operator of a tensor with itself, and tensors that it does not use: those, and larger ones. */
function elementWise(kind: (typeof ELEMENT_WISE)[number]): Uint8Array {
  const b = new ModelBuilder(1, FIRST);
  const output = b.tensor('output', FIRST);
  for (const [what, shape, type] of SECONDS) b.tensor(what, shape, type);
  b.tensor('a row more', [3, 3, 5]);
  b.tensor('a channel more', [2, 3, 6]);
  const common = { name: kind, input: 0, input2: 0, output, activation: [-128, 127] as [number, number] };
  b.operators.push(kind === 'signedAdd' ? { kind, ...common, negated: 'second' } : { kind, ...common });
  return pack(b.build([output]));
}

/** Fields of its record, each with a value of which nothing good can come. */
function wrongElementWise(kind: (typeof ELEMENT_WISE)[number]): (readonly [...Wrong, Uint8Array])[] {
  const own = elementWise(kind);
  const [{ tensors, operators }] = new ImageView(own).programs;
  const [{ at, table }] = operators;
  const hasParameters = table !== F.NO_TABLE;
  const u8 = (field: number, value: number) => (d: DataView) => d.setUint8(at + field, value);
  const u16 = (field: number, value: number) => (d: DataView) => d.setUint16(at + field, value, true);
  const wrong: [what: string, edit: Edit, status: number][] = [
    ...SECONDS.filter(([, , , status]) => status !== S.OK).map(
      ([what, , , status], i) =>
        [`second input: ${what}`, u16(F.OPERATOR_INPUT2_AT, 2 + i), status] as [string, Edit, number],
    ),
    ['first input of another height', u16(F.OPERATOR_INPUT_AT, tensors.length - 2), S.BAD_SHAPE],
    ['first input of more channels', u16(F.OPERATOR_INPUT_AT, tensors.length - 1), S.BAD_SHAPE],
    ['output of another height', u16(F.OPERATOR_OUTPUT_AT, tensors.length - 2), S.BAD_SHAPE],
    ['output of more channels', u16(F.OPERATOR_OUTPUT_AT, tensors.length - 1), S.BAD_SHAPE],
    ['output of 16 bits', u16(F.OPERATOR_OUTPUT_AT, 2 + 7), S.BAD_SHAPE],
    ['first input past the table', u16(F.OPERATOR_INPUT_AT, tensors.length), S.BAD_REFERENCE],
    ['second input past the table', u16(F.OPERATOR_INPUT2_AT, tensors.length), S.BAD_REFERENCE],
    ['second input that is none', u16(F.OPERATOR_INPUT2_AT, F.NONE), S.BAD_REFERENCE],
    ['output past the table', u16(F.OPERATOR_OUTPUT_AT, tensors.length), S.BAD_REFERENCE],
    ['weight source', u16(F.OPERATOR_SOURCE_AT, 0), S.BAD_REFERENCE],
    ['residency', u8(F.OPERATOR_RESIDENCY_AT, F.RESIDENCY_STREAM), S.BAD_OPERATOR],
    ['depth multiplier', u8(F.OPERATOR_MULTIPLIER_AT, 1), S.BAD_OPERATOR],
    ['stride', u8(F.OPERATOR_STRIDE_WIDTH_AT, 2), S.BAD_OPERATOR],
    ['kernel', u16(F.OPERATOR_KERNEL_HEIGHT_AT, 3), S.BAD_OPERATOR],
    ['padding', u8(F.OPERATOR_PAD_LEFT_AT, 1), S.BAD_OPERATOR],
    ['activation whose ends are the wrong way round', u16(F.OPERATOR_MIN_AT, 0x7e7f), S.BAD_OPERATOR],
    [
      'presence of parameters',
      u8(F.OPERATOR_ENCODING_AT, hasParameters ? F.TABLE_NONE : F.TABLE_PARAMETERS),
      S.BAD_TABLE,
    ],
    [
      'place of parameters, past their section',
      (d) => d.setUint32(at + F.OPERATOR_TABLE_AT, hasParameters ? 4 : 0, true),
      S.BAD_TABLE,
    ],
  ];
  return wrong.map(([what, edit, status]) => [`${what} (${kind})`, edit, status, at, own]);
}

/** The same of weight sources (test/sources/): each kind in a network of its own, and with another's generator. */
const kinds = Object.keys(FIXTURES) as (keyof typeof FIXTURES)[];
const WRONG_SOURCES = [
  ...kinds.flatMap((kind) => {
    const own = pack(ofSources(1, [kind]).build());
    return FIXTURES[kind].wrong(new ImageView(own)).map((wrong) => [...wrong, own] as const);
  }),
  ...anothersGenerators(pack(ofSources(1).build())),
];

function anothersGenerators(all: Uint8Array): (readonly [...Wrong, Uint8Array])[] {
  const { sources, generators } = new ImageView(all);
  const generated = generators.map(({ kind }) => sources.find((source) => source.kind === kind)!);
  return generated.map(({ at, kind }) => {
    const anothers = generators.findIndex((generator) => generator.kind !== kind);
    const edit: Edit = (d) => d.setUint16(at + F.SOURCE_GENERATOR_AT, anothers, true);
    return [`generator of a source of kind ${kind}`, edit, S.BAD_SOURCE, at, all];
  });
}

/** Exact tables, last channel of the depthwise operator: i32 bias[c], i32 multiplier[c], i8 shift[c]. */
const exact = pack(everything(1).build(), { tables: 'q31' });
const exactView = new ImageView(exact);
const exactDepthwise = exactView.programs[0].operators[2];
const channels = exactView.programs[0].tensors[exactDepthwise.output].channels;
const [biasAt, multiplierAt, shiftAt] = [channels - 1, 2 * channels - 1]
  .map((word) => 4 * word)
  .concat(9 * channels - 1);
const inTable = (at: number) => exactView.section(F.SECTION_TABLES).offset + exactDepthwise.table + at;
const WRONG_EXACT: [what: string, edit: Edit][] = [
  ['shift below -31', (d) => d.setInt8(inTable(shiftAt), -32)],
  ['shift above 30', (d) => d.setInt8(inTable(shiftAt), 31)],
  ['multiplier below 2^30', (d) => d.setInt32(inTable(multiplierAt), 0x3fffffff, true)],
  ['negative multiplier', (d) => d.setInt32(inTable(multiplierAt), -0x40000000, true)],
  ['bias above 2^29', (d) => d.setInt32(inTable(biasAt), 0x20000001, true)],
  ['bias below -2^29', (d) => d.setInt32(inTable(biasAt), -0x20000001, true)],
];

/** Short tables: u16 { bias, octave }[c], u8 mantissa[c]; of the depthwise operator, whose factors lie octaves apart. */
const short = pack(everything(1).build(), { tables: 'short' });
const shortView = new ImageView(short);
const shortTables = shortView.section(F.SECTION_TABLES);
const shortDepthwise = shortView.programs[0].operators[2];
const lastField = shortTables.offset + shortDepthwise.table + 2 * (channels - 1);
const WRONG_SHORT: [what: string, edit: Edit][] = [
  [
    'bias shift that takes the last channel past 2^29, its octave included',
    (d) => {
      d.setUint8(shortDepthwise.at + F.OPERATOR_BIAS_SHIFT_AT, 11);
      d.setUint16(lastField, d.getUint16(lastField, true) | 7, true);
    },
  ],
  ['bias shift that wraps with an octave', (d) => d.setUint8(shortDepthwise.at + F.OPERATOR_BIAS_SHIFT_AT, 255)],
  [
    'octave of the last channel, below 2^-32',
    (d) => {
      d.setInt8(shortDepthwise.at + F.OPERATOR_EXPONENT_AT, -25);
      d.setUint16(lastField, d.getUint16(lastField, true) | 7, true);
    },
  ],
  ['exponent above 30', (d) => d.setInt8(shortDepthwise.at + F.OPERATOR_EXPONENT_AT, 38)],
  [
    'place of a table that ends a byte past its section',
    (d) =>
      d.setUint32(
        shortDepthwise.at + F.OPERATOR_TABLE_AT,
        4 * Math.floor((shortTables.size - F.SHORT_BYTES_PER_CHANNEL * channels) / 4) + 4,
        true,
      ),
  ],
  ['encoding behind the last', (d) => d.setUint8(shortDepthwise.at + F.OPERATOR_ENCODING_AT, F.TABLE_SHORT + 1)],
];

/** Encodings that hold more than one value: the shared factor of a uniform table, the table of coded rows. */
const dense = pack(everything(1).build(), { tables: 'q31', lossless: true });
const denseView = new ImageView(dense);
const uniform = denseView.programs[0].operators.find(({ encoding }) => encoding === F.TABLE_UNIFORM)!;
const rice = denseView.sources.find(({ encoding }) => encoding === F.ENCODING_RICE)!; // 40 rows, so 3 blocks
const denseTables = denseView.section(F.SECTION_TABLES);
const denseWeights = denseView.section(F.SECTION_WEIGHTS);
const riceEnd = denseView.u16(denseWeights.offset + rice.data + 6);
const WRONG_DENSE: Wrong[] = [
  [
    'multiplier of all channels',
    (d) => d.setInt32(denseTables.offset + uniform.table, 1, true),
    S.BAD_TABLE,
    uniform.at,
  ],
  [
    'shift of all channels, a byte too far',
    (d) => d.setInt32(denseTables.offset + uniform.table + 4, 256, true),
    S.BAD_TABLE,
    uniform.at,
  ],
  [
    'bias in the last channel of a uniform table',
    (d) => d.setInt32(denseTables.offset + uniform.table + F.UNIFORM_HEADER_BYTES + 16, 0x20000001, true),
    S.BAD_TABLE,
    uniform.at,
  ],
  [
    'uniform table that ends past its section',
    (d) => d.setUint32(uniform.at + F.OPERATOR_TABLE_AT, denseTables.size - 24, true),
    S.BAD_TABLE,
    uniform.at,
  ],
  [
    'encoding of a table whose low bits are those of another',
    (d) => d.setUint8(uniform.at + F.OPERATOR_ENCODING_AT, 4 + F.TABLE_COMPACT),
    S.BAD_TABLE,
    uniform.at,
  ],
  [
    'odd place of coded rows',
    (d) => d.setUint32(rice.at + F.SOURCE_DATA_AT, rice.data + 1, true),
    S.BAD_SOURCE,
    rice.at,
  ],
  [
    'table of coded rows that ends past its section',
    (d) => d.setUint32(rice.at + F.SOURCE_DATA_AT, denseWeights.size - 6, true),
    S.BAD_SOURCE,
    rice.at,
  ],
  [
    'end of coded rows, past its section',
    (d) => d.setUint16(denseWeights.offset + rice.data + 6, (denseWeights.size - rice.data) / 2 + 1, true),
    S.BAD_SOURCE,
    rice.at,
  ],
  [
    'block of coded rows whose modes reach past the end',
    (d) => d.setUint16(denseWeights.offset + rice.data + 2, riceEnd - 3, true),
    S.BAD_SOURCE,
    rice.at,
  ],
  ['encoding of stored weights', (d) => d.setUint8(rice.at + F.SOURCE_ENCODING_AT, 6), S.BAD_SOURCE, rice.at],
  [
    'residency of coded rows, which flash cannot be read for',
    (d) =>
      d.setUint8(
        denseView.programs[0].operators.find(({ source }) => denseView.sources[source] === rice)!.at +
          F.OPERATOR_RESIDENCY_AT,
        F.RESIDENCY_FLASH,
      ),
    S.BAD_RESIDENCY,
    denseView.programs[0].operators.find(({ source }) => denseView.sources[source] === rice)!.at,
  ],
];

/** Words of the last copy, a transposition of 1 x 3 x 18 values to 18 x 1 x 3, each value for itself. */
const WRONG_COPY: [what: string, word: number, value: number][] = [
  ['no iteration', 0, 0],
  ['a run of nothing', F.COPY_RUN_AT / 4, 0],
  ['a negative count', 1, -1],
  ['an input step that leads one value out', 3, 2],
  ['an output step that leads one value out', 6, 4],
  ['an input step that would wrap to inside', 3, 0x0f0f0f10], // 17 of them are 2^32 + 16
  ['a negative step', 3, -1],
  ['a run that ends behind the tensors', F.COPY_RUN_AT / 4, 2],
  ['an input offset of one', F.COPY_INPUT_OFFSET_AT / 4, 1],
  ['an output offset of one', F.COPY_OUTPUT_OFFSET_AT / 4, 1],
  ['an offset that would wrap', F.COPY_OUTPUT_OFFSET_AT / 4, -1],
  ['a fill that is neither 0 nor 1', F.COPY_FILL_AT / 4, 2],
];

describe('coded rows', () => {
  it.each([0x00, 0xff, 0x55, 0x80])('of nothing but %i decode to something, and only where they should', (byte) => {
    const runtime = new TightRuntime(8);
    for (const residency of ['stream', 'boot'] as const) {
      const wrong = edited(withResidency(dense, residency), (d) => {
        const from = denseWeights.offset + rice.data;
        for (let at = from + 8; at < from + 2 * riceEnd; at++) d.setUint8(at, byte);
      });
      expect(statusName(runtime.run(wrong))).toBe('OK');
    }
  });

  it('that end early are zeros from there on, or what is left of the last code', () => {
    const at = denseWeights.offset + rice.data;
    const blocks = [0, 1, 2].map((b) => denseView.u16(at + 2 * b));
    const wrong = edited(withResidency(dense, 'stream'), (d) => {
      for (let b = 0; b < 3; b++) d.setUint16(at + 2 * b, blocks[0], true);
      d.setUint16(at + 6, blocks[0] + F.RICE_MODES_BYTES / F.RICE_UNIT, true);
    });
    expect(statusName(new TightRuntime(8).run(wrong))).toBe('OK');
  });

  it('are found wrong by their CRC', () => {
    const wrong = edited(dense, (d) => {
      const at = denseWeights.offset + rice.data + 2 * riceEnd - 2;
      d.setUint16(at, ~d.getUint16(at, true) & 0xffff, true);
    });
    expect(() => new Runtime(wrong).load().checkWeights()).toThrow('WEIGHTS_DIFFER');
  });
});

describe('open', () => {
  it('refuses every number of a kind that is none as BAD_OPERATOR', () => {
    const others = Array.from({ length: 256 }, (_, kind) => kind).filter(
      (kind) => kind === 0 || kind > Object.keys(OPERATORS).length,
    );
    const statuses = others.map(
      (kind) => refusalOf(edited(image, (d) => d.setUint8(convolution.at + F.OPERATOR_KIND_AT, kind))).status,
    );
    expect(new Set(statuses)).toEqual(new Set([S.BAD_OPERATOR]));
  });

  it.each(WRONG)('refuses a wrong %s by name, with its offset', (_, edit, status, offset) => {
    const refusal = refusalOf(edited(image, edit));
    expect([statusName(refusal.status), refusal.offset]).toEqual([statusName(status), offset]);
  });

  it.each(WRONG_SOURCES)('refuses a wrong %s by name, with its offset', (_, edit, status, offset, original) => {
    const refusal = refusalOf(edited(original, edit));
    expect([statusName(refusal.status), refusal.offset]).toEqual([statusName(status), offset]);
  });

  it.each(ELEMENT_WISE.flatMap(wrongElementWise))(
    'refuses a wrong %s by name, with its offset',
    (_, edit, status, offset, original) => {
      const refusal = refusalOf(edited(original, edit));
      expect([statusName(refusal.status), refusal.offset]).toEqual([statusName(status), offset]);
    },
  );

  it.each(ELEMENT_WISE)('takes a second input of %s with other rows, but as many positions', (kind) => {
    const own = elementWise(kind);
    const [{ operators }] = new ImageView(own).programs;
    const other = 2 + SECONDS.findIndex(([, , , status]) => status === S.OK);
    const edit: Edit = (d) => d.setUint16(operators[0].at + F.OPERATOR_INPUT2_AT, other, true);
    expect(statusName(new TightRuntime(4).run(edited(own, edit)))).toBe('OK');
  });

  it.each(WRONG_EXACT)('refuses a %s in the last channel of an exact table', (_, edit) => {
    const refusal = refusalOf(edited(exact, edit));
    expect([statusName(refusal.status), refusal.offset]).toEqual(['BAD_TABLE', exactDepthwise.at]);
  });

  it.each(WRONG_SHORT)('refuses a wrong %s (short tables)', (_, edit) => {
    expect(shortDepthwise.encoding).toBe(F.TABLE_SHORT);
    const refusal = refusalOf(edited(short, edit));
    expect([statusName(refusal.status), refusal.offset]).toEqual(['BAD_TABLE', shortDepthwise.at]);
  });

  it.each(WRONG_DENSE)('refuses a wrong %s', (_, edit, status, offset) => {
    const refusal = refusalOf(edited(dense, edit));
    expect([statusName(refusal.status), refusal.offset]).toEqual([statusName(status), offset]);
  });

  it.each(WRONG_COPY)('refuses a copy with %s', (_, word, value) => {
    const copy = program.operators.findLast(({ kind }) => kind === OPERATORS.copy.code)!;
    const at = view.section(F.SECTION_TABLES).offset + copy.table + 4 * word;
    const refusal = refusalOf(edited(image, (d) => d.setInt32(at, value, true)));
    expect([statusName(refusal.status), refusal.offset]).toEqual(['BAD_TABLE', copy.at]);
  });

  it('refuses a copy that would write more often than its output has values, though all in one place', () => {
    const copy = program.operators.findLast(({ kind }) => kind === OPERATORS.copy.code)!;
    const at = view.section(F.SECTION_TABLES).offset + copy.table;
    const wrong = edited(image, (d) => {
      for (let i = 0; i < 3; i++) d.setInt32(at + 4 * i, [18, 1, 4][i], true);
      for (let i = 3; i < 9; i++) d.setInt32(at + 4 * i, 0, true);
    });
    const refusal = refusalOf(wrong);
    expect([statusName(refusal.status), refusal.offset]).toEqual(['BAD_TABLE', copy.at]);
  });

  it.each(['maxPool', 'averagePool'] as const)('refuses a %s whose windows reach far beyond its input', (kind) => {
    const b = new ModelBuilder(1, [64, 64, 1]);
    b.pool(kind, { kernel: [64, 64], stride: [1, 1], pad: [0, 0] });
    b.tensors[1].shape = [64, 64, 1];
    expect(statusName(refusalOf(pack(b.build())).status)).toBe('BAD_OPERATOR');
  });

  it('takes windows with half a kernel behind the input, or what is in front, and refuses one value more', () => {
    const opens = (size: number, kernel: number, pad: number, outputs: number) => {
      const b = new ModelBuilder(1, [1, size, 1]);
      b.pool('maxPool', { kernel: [1, kernel], stride: [1, 1], pad: [0, pad] });
      b.tensors[1].shape = [1, outputs, 1];
      try {
        new Runtime(pack(b.build()));
        return true;
      } catch {
        return false;
      }
    };
    for (const [size, kernel, pad] of [
      [9, 4, 0],
      [9, 5, 0],
      [9, 5, 4],
      [1, 3, 1],
      [7, 1, 0],
    ]) {
      const most = size + pad + Math.max(pad, kernel >> 1) - kernel + 1;
      expect([opens(size, kernel, pad, most), opens(size, kernel, pad, most + 1)]).toEqual([true, false]);
    }
  });

  it('refuses more work than image and arena pay for', () => {
    const b = new ModelBuilder(1, [1, 1, 1]);
    b.tensors[0].shape = [128, 128, 16];
    for (let i = 0; i < 20; i++) b.convolution(16, { kernel: [7, 7], stride: [1, 1], pad: [3, 3] }, 'int2');
    const shared = b.build();
    // one source for all: its weights are paid for once
    shared.programs[0].operators.forEach((operator, i) => {
      if ('source' in operator && i > 0) operator.source = 0;
    });
    shared.sources.length = 1;
    expect(statusName(refusalOf(pack(shared)).status)).toBe('BAD_WORK');
    const once = {
      ...shared,
      programs: [{ ...shared.programs[0], operators: shared.programs[0].operators.slice(0, 1), outputs: [1] }],
    };
    expect(new Runtime(pack(once)).work()).toBeGreaterThan(0);
  });

  it('refuses indices that so many sources share that proving them takes longer than the image is worth', () => {
    const { image: most } = worstImages().find(({ name }) => name === 'indices that sources share')!;
    const sharing = new ImageView(most);
    const [first] = sharing.sources;
    const last = sharing.sources.findLast(({ rows }) => rows !== first.rows)!;
    const wrong = edited(most, (d) => {
      d.setUint16(last.at + F.SOURCE_ROWS_AT, first.rows, true);
      d.setUint32(last.at + F.SOURCE_DATA_AT, first.data, true);
    });
    expect(new Runtime(most).programs).toBe(1);
    const refusal = refusalOf(wrong);
    expect([statusName(refusal.status), refusal.offset]).toEqual(['BAD_WORK', last.at]);
  });

  it('refuses scratch that ends a unit behind the arena, whatever the weights are made of', () => {
    for (const operator of program.operators.filter(({ source }) => source !== F.NONE)) {
      const most = Math.floor((program.arenaBytes - scratchBytes(view, program, operator)) / F.ARENA_UNIT);
      const at = (unit: number) => edited(image, (d) => d.setUint16(operator.at + F.OPERATOR_SCRATCH_AT, unit, true));
      expect(() => new Runtime(at(most))).not.toThrow();
      const refusal = refusalOf(at(most + 1));
      expect([statusName(refusal.status), refusal.offset]).toEqual(['BAD_SCRATCH', operator.at]);
    }
  });

  it('refuses a single flipped bit by its CRC', () => {
    const wrong = image.slice();
    wrong[image.length - 60] ^= 1;
    expect(statusName(refusalOf(wrong).status)).toBe('BAD_CRC');
  });
});

/** A copy with one edit and its CRC made right. */
function edited(original: Uint8Array, edit: Edit): Uint8Array {
  const wrong = original.slice();
  const data = new DataView(wrong.buffer);
  edit(data);
  data.setUint32(F.HEADER_CRC_AT, crc32(wrong.subarray(F.HEADER_BYTES)), true);
  return wrong;
}

function refusalOf(bytes: Uint8Array): StatusError {
  try {
    new Runtime(bytes);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('open accepted the image');
}
