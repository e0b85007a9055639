/**
 * Integer model to flash image. The layout is assembly/format.ts; docs/format.md tells it in prose. Records are written
 * without an arena; `seal` plans it on the finished bytes, as it does for an image that gets other residencies.
 */
import * as F from '../../assembly/format.ts';
import { foldZeroPoint, type TableEncoding } from '../arithmetic/channels.ts';
import type {
  Generator,
  Model,
  Operator,
  Program,
  Residency,
  Tensor,
  WeightedOperator,
  WeightSource,
  Window,
} from '../model/model.ts';
import { OPERATORS, plainKind, weightedKind } from '../operators/registry.ts';
import { ByteWriter } from '../records/bytes.ts';
import { type PackedTable, writeChannels } from '../records/channelTable.ts';
import { crc32 } from '../records/crc32.ts';
import { GENERATORS, materialize, SOURCES } from '../sources/registry.ts';
import type { GeneratorKind, Lossless, PackedSource, SourceKind } from '../sources/source.ts';
import { seal } from './seal.ts';
import { turnColumns } from './turn.ts';

/** How pack() writes a model. */
export interface PackOptions {
  /**
   * compact (default): four bytes a channel, and q31 for a layer whose biases 16 bits would spoil;
   * short: three bytes a channel, and compact for a layer that has no room in them;
   * q31: exact TFLite numbers, nine bytes a channel, or four and eight for a layer whose channels share one factor;
   * a function says it operator by operator
   */
  tables?: Encodings;
  /** leave the metadata out */
  strip?: boolean;
  /**
   * code INT8 weights without loss (host/records/rice.ts) where that saves 1 byte in 32: the same outputs from fewer
   * bytes, but flash cannot be read in place, so such layers stream where they would have stayed there; a function says
   * it source by source
   */
  lossless?: Lossless;
  /** operators that have equal tables or parameters have them once, as parts of one layer do; default: each its own */
  shareTables?: boolean;
}

type Encodings = TableEncoding | ((operator: WeightedOperator) => TableEncoding);

const RESIDENCY_CODES: Record<Residency, number> = {
  flash: F.RESIDENCY_FLASH,
  boot: F.RESIDENCY_BOOT,
  lazy: F.RESIDENCY_LAZY,
  stream: F.RESIDENCY_STREAM,
};

/** The bytes of an image; throws with the operator's name when something does not fit the format. */
export function pack(model: Model, options: PackOptions = {}): Uint8Array {
  return seal(assembled(model, options));
}

/** How `assembled` writes a model whose sources are made from generators that another image has. */
interface AssembleOptions extends PackOptions {
  /** what the sources name; default: the generators of the model, which are written */
  made?: readonly Generator[];
}

/** All but memory plans, SHA-256 and CRC. */
export function assembled(model: Model, { made = model.generators, ...options }: AssembleOptions): Uint8Array {
  const tables = new Tables(options.shareTables ?? false);
  const weights = new ByteWriter();
  const rows = model.sources.map((source) => materialize(source, made));
  const generators = new ByteWriter();
  for (const generator of model.generators) writeGenerator(generator, generators, weights);
  const sources = new ByteWriter();
  const weightRows = model.sources.map((source, i) => {
    const kind: SourceKind<WeightSource> = SOURCES[source.kind];
    const packed = kind.pack(source, made, options.lossless ?? false);
    writeSource(source, packed, rows[i], sources, weights);
    return { rows: rows[i], encoding: packed.encoding };
  });
  const programs = model.programs.map((program) =>
    packProgram(turnColumns(program), weightRows, tables, options.tables ?? 'compact'),
  );
  const metadata = options.strip ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(model.metadata));
  const trailer = new ByteWriter().u16(F.TLV_SHA256).u16(32).bytes(new Uint8Array(32));

  const sections: [kind: number, bytes: Uint8Array][] = [
    ...programs.map((bytes): [number, Uint8Array] => [F.SECTION_PROGRAM, bytes]),
    [F.SECTION_SOURCES, sources.finish()],
    [F.SECTION_GENERATORS, generators.finish()],
    [F.SECTION_TABLES, tables.finish()],
    [F.SECTION_WEIGHTS, weights.finish()],
    [F.SECTION_METADATA, metadata],
    [F.SECTION_TRAILER, trailer.finish()],
  ];
  return assemble(sections, model);
}

/** Generators as an image has them: their records, and the data that these point to. */
export function packedGenerators(generators: readonly Generator[]): { records: Uint8Array; data: Uint8Array } {
  const [records, data] = [new ByteWriter(), new ByteWriter()];
  for (const generator of generators) writeGenerator(generator, records, data);
  return { records: records.finish(), data: data.finish() };
}

/** TABLES as it grows. */
class Tables {
  private readonly bytes = new ByteWriter();
  private readonly places = new Map<string, number>();

  constructor(private readonly share: boolean) {}

  /** Offset of these bytes: behind all others, or where the same are already. */
  place(table: Uint8Array): number {
    const key = this.share ? table.join() : '';
    const known = this.share ? this.places.get(key) : undefined;
    if (known !== undefined) return known;
    const offset = this.bytes.align(4).size;
    this.bytes.bytes(table);
    this.places.set(key, offset);
    return offset;
  }

  finish(): Uint8Array {
    return this.bytes.finish();
  }
}

/** What the operators of a source need to know of it. */
interface WeightRows {
  rows: Int8Array;
  encoding: number;
}

/** Flash cannot be read in place where weights are coded. */
function residencyOf({ residency, source }: WeightedOperator, weightRows: WeightRows[]): Residency {
  return residency === 'flash' && weightRows[source].encoding === F.ENCODING_RICE ? 'stream' : residency;
}

function assemble(sections: [kind: number, bytes: Uint8Array][], model: Model): Uint8Array {
  const body = new ByteWriter();
  const head = new ByteWriter();
  body.bytes(new Uint8Array(F.HEADER_BYTES + sections.length * F.SECTION_BYTES));
  sections.forEach(([kind, bytes], i) => {
    body.align(F.SECTION_ALIGNMENT);
    head
      .u16(kind)
      .u16(kind === F.SECTION_PROGRAM ? i : 0)
      .u32(body.size)
      .u32(bytes.length);
    body.bytes(bytes);
  });
  const header = new ByteWriter()
    .u32(F.MAGIC)
    .u16(F.FORMAT_VERSION)
    .u16(F.HEADER_BYTES)
    .u32(body.size)
    .u32(0)
    .u16(sections.length)
    .u16(model.programs.length)
    .u16(model.sources.length)
    .u16(model.generators.length)
    .u32(0)
    .u32(0);
  const image = body.finish();
  image.set(header.finish(), 0);
  image.set(head.finish(), F.HEADER_BYTES);
  return image;
}

function packProgram(program: Program, weightRows: WeightRows[], tables: Tables, encoding: Encodings): Uint8Array {
  const out = new ByteWriter()
    .u16(program.tensors.length)
    .u16(program.operators.length)
    .u8(program.inputs.length)
    .u8(program.outputs.length)
    .u16(0); // arena: seal
  for (const { shape, type, zeroPoint } of program.tensors) {
    for (const size of shape) out.u16(size);
    out.u8(type === 'i16' ? F.TYPE_I16 : F.TYPE_I8).u8(zeroPoint);
  }
  for (const tensor of [...program.inputs, ...program.outputs])
    out.u16(tensor).u16(0).f32(program.tensors[tensor].scale);
  for (const operator of program.operators) {
    try {
      packOperator(operator, program, weightRows, tables, encoding, out);
    } catch (error) {
      throw new Error(`${operator.kind} "${operator.name}": ${(error as Error).message}`, { cause: error });
    }
  }
  for (let i = 0; i < program.tensors.length + program.operators.length; i++) out.u16(0); // plan: seal
  return out.finish();
}

function packOperator(
  operator: Operator,
  program: Program,
  weightRows: WeightRows[],
  tables: Tables,
  encoding: Encodings,
  out: ByteWriter,
): void {
  const table = packTable(operator, program, weightRows, tables, encoding);
  const { kernel, stride, pad }: Window =
    'kernel' in operator ? operator : { kernel: [1, 1], stride: [1, 1], pad: [0, 0] };
  const [min, max] = 'activation' in operator ? operator.activation : [-128, 127];
  out
    .u8(OPERATORS[operator.kind].code)
    .u8('residency' in operator ? RESIDENCY_CODES[residencyOf(operator, weightRows)] : 0)
    .u16(operator.input)
    .u16('input2' in operator ? operator.input2 : 'source' in operator ? 0 : F.NONE) // scratch: seal
    .u16(operator.output)
    .u16('source' in operator ? operator.source : F.NONE)
    .u8(stride[0])
    .u8(stride[1])
    .u16(kernel[0])
    .u16(kernel[1])
    .u8(pad[0])
    .u8(pad[1])
    .u8(min)
    .u8(max)
    .u32(table.offset)
    .u8(table.encoding)
    .u8(table.biasShift)
    .u8(table.exponent)
    .u8('multiplier' in operator ? operator.multiplier : 0);
}

function packTable(
  operator: Operator,
  program: Program,
  weightRows: WeightRows[],
  tables: Tables,
  encoding: Encodings,
): PackedTable {
  if ('effectiveScale' in operator) {
    const own = typeof encoding === 'function' ? encoding(operator) : encoding;
    return packChannels(operator, program.tensors[operator.input], weightRows[operator.source].rows, tables, own);
  }
  const parameters = plainKind(operator).encode(operator, program.tensors);
  if (parameters.length === 0) return { offset: F.NO_TABLE, encoding: F.TABLE_NONE, biasShift: 0, exponent: 0 };
  const words = new ByteWriter();
  for (const parameter of parameters) words.i32(parameter);
  return { offset: tables.place(words.finish()), encoding: F.TABLE_PARAMETERS, biasShift: 0, exponent: 0 };
}

function packChannels(
  operator: WeightedOperator,
  input: Tensor,
  weights: Int8Array,
  tables: Tables,
  encoding: TableEncoding,
): PackedTable {
  const sums = weightedKind(operator).sums(weights, operator.bias.length);
  const bias = foldZeroPoint(operator.bias, sums, input.zeroPoint);
  const table = new ByteWriter();
  const packed = writeChannels(bias, operator.effectiveScale, encoding, table);
  return { ...packed, offset: tables.place(table.finish()) };
}

function writeSource(
  source: WeightSource,
  { encoding, alignment, bytes, rowsPerCode, mix, made }: PackedSource,
  rows: Int8Array,
  out: ByteWriter,
  data: ByteWriter,
): void {
  const offset = data.align(alignment).size;
  data.bytes(bytes);
  out
    .u8(SOURCES[source.kind].code)
    .u8(encoding)
    .u16('generator' in source ? source.generator : F.NONE)
    .u16(source.rows)
    .u16(source.rowLength)
    .u16(rowsPerCode)
    .u8(mix.shift)
    .u8(0)
    .u32(offset)
    .i32(mix.multiplier)
    .u32(made ? crc32(new Uint8Array(rows.buffer, rows.byteOffset, rows.length)) : 0);
}

function writeGenerator(generator: Generator, out: ByteWriter, data: ByteWriter): void {
  const kind: GeneratorKind<Generator> = GENERATORS[generator.kind];
  const packed = kind.pack(generator, data);
  const { mlp } = packed;
  out
    .u8(SOURCES[generator.kind].code)
    .u8(packed.codeEncoding)
    .u8(packed.codeLength)
    .u8(packed.hidden)
    .u8(packed.outputs)
    .u8(packed.basisEncoding)
    .u16(packed.basisRows)
    .u16(packed.basisColumns)
    .u8(mlp.factor1.shift)
    .u8(mlp.factor2.shift)
    .u8(mlp.biasShift1)
    .u8(mlp.biasShift2)
    .u16(0)
    .i32(mlp.factor1.multiplier)
    .i32(mlp.factor2.multiplier)
    .u32(mlp.offset)
    .u32(packed.basis);
}
