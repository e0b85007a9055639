/**
 * Reads the records of an image, for the host. Checks only what it needs to stay inside the file; the runtime's `open`
 * is what proves an image.
 */
import * as F from '../../assembly/format.ts';
import { type Branches, branchesOf } from './branches.ts';

/** An image, or a model that should become one, that breaks a rule of the format: one line that says which. */
export class ImageError extends Error {}

export interface SectionView {
  kind: number;
  id: number;
  offset: number;
  size: number;
}

export interface TensorView {
  at: number;
  height: number;
  width: number;
  channels: number;
  type: number;
  zeroPoint: number;
  bytes: number;
}

export interface PortView {
  at: number;
  tensor: number;
  scale: number;
}

export interface OperatorView {
  at: number;
  kind: number;
  residency: number;
  input: number;
  input2: number;
  /** arena offset of its scratch in ARENA_UNITs; 0 without weights */
  scratch: number;
  output: number;
  source: number;
  stride: [number, number];
  kernel: [number, number];
  pad: [number, number];
  activation: [number, number];
  table: number;
  encoding: number;
}

export interface SourceView {
  at: number;
  /** its place among the sources */
  index: number;
  kind: number;
  encoding: number;
  generator: number;
  rows: number;
  rowLength: number;
  rowsPerCode: number;
  data: number;
}

export interface GeneratorView {
  at: number;
  /** its place among the generators */
  index: number;
  kind: number;
  codeEncoding: number;
  codeLength: number;
  hidden: number;
  outputs: number;
  basisEncoding: number;
  basisRows: number;
  basisColumns: number;
  mlp: number;
  basis: number;
}

export interface ProgramView {
  at: number;
  size: number;
  tensors: TensorView[];
  inputs: PortView[];
  outputs: PortView[];
  operators: OperatorView[];
  /** per operator the branch of a ROUTE that it is in; null where it always runs */
  branches: Branches;
  planAt: number;
  /** ARENA_UNITs in a unit of the plan: 1, 2, 4 or 8 */
  grain: number;
  arenaBytes: number;
}

export const RESIDENCY_NAMES = ['flash', 'boot', 'lazy', 'stream'] as const;

/** Far more than anyone writes, and far fewer than what overflows the stack of who prints or packs it again. */
const DEEPEST_METADATA = 64;

/** Whether objects and lists are nested deeper than a number of levels; level by level, without recursion. */
function nestsDeeper(value: object, levels: number): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((each) => Object.values(each).filter((inner) => typeof inner === 'object' && inner !== null));
  }
  return false;
}

/** An image and its records; throws ImageError when they do not fit the file. */
export class ImageView {
  readonly data: DataView;
  readonly sections: SectionView[];
  readonly programs: ProgramView[];
  readonly sources: SourceView[];
  readonly generators: GeneratorView[];

  constructor(readonly bytes: Uint8Array) {
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < F.HEADER_BYTES || this.u32(F.HEADER_MAGIC_AT) !== F.MAGIC) {
      throw new ImageError('not an hypertinypw image: expected "HTPW" in the first four bytes; pass a .htpw file');
    }
    const version = this.u16(F.HEADER_VERSION_AT);
    if (version !== F.FORMAT_VERSION) {
      throw new ImageError(
        `image has format version ${version}, this release reads ${F.FORMAT_VERSION}; pack it again`,
      );
    }
    try {
      this.sections = this.records(F.HEADER_BYTES, this.u16(F.HEADER_SECTIONS_AT), F.SECTION_BYTES, (at) => ({
        kind: this.u16(at + F.SECTION_KIND_AT),
        id: this.u16(at + F.SECTION_ID_AT),
        offset: this.u32(at + F.SECTION_OFFSET_AT),
        size: this.u32(at + F.SECTION_SIZE_AT),
      }));
      this.programs = this.sections.filter((s) => s.kind === F.SECTION_PROGRAM).map((s) => this.program(s));
      this.sources = this.records(
        this.section(F.SECTION_SOURCES).offset,
        this.u16(F.HEADER_SOURCES_AT),
        F.SOURCE_BYTES,
        (at, index) => this.source(at, index),
      );
      this.generators = this.records(
        this.section(F.SECTION_GENERATORS).offset,
        this.u16(F.HEADER_GENERATORS_AT),
        F.GENERATOR_BYTES,
        (at, index) => this.generator(at, index),
      );
    } catch (error) {
      if (error instanceof RangeError)
        throw new ImageError('image records point past the end of the file: it is damaged');
      throw error;
    }
  }

  u8(at: number): number {
    return this.data.getUint8(at);
  }
  i8(at: number): number {
    return this.data.getInt8(at);
  }
  u16(at: number): number {
    return this.data.getUint16(at, true);
  }
  u32(at: number): number {
    return this.data.getUint32(at, true);
  }
  i32(at: number): number {
    return this.data.getInt32(at, true);
  }
  /** A copy of `bytes` bytes, signed. */
  i8s(at: number, count: number): Int8Array {
    return new Int8Array(this.bytes.slice(at, at + count).buffer);
  }

  section(kind: number): SectionView {
    const found = this.sections.find((s) => s.kind === kind);
    if (!found) throw new ImageError(`image has no section of kind ${kind}: it is damaged`);
    return found;
  }

  /** The metadata object; empty when stripped. Throws ImageError for anything else: `open` does not look at it. */
  metadata(): Record<string, unknown> {
    const { offset, size } = this.section(F.SECTION_METADATA);
    if (size === 0) return {};
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(this.bytes.subarray(offset, offset + size)));
    } catch {
      throw new ImageError(`metadata at offset ${offset} is no JSON: the image is damaged`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ImageError(`metadata at offset ${offset}: expected a JSON object, got another value; pack it again`);
    if (nestsDeeper(value, DEEPEST_METADATA))
      throw new ImageError(`metadata at offset ${offset}: expected at most ${DEEPEST_METADATA} levels; pack it again`);
    return value as Record<string, unknown>;
  }

  private records<T>(at: number, count: number, size: number, read: (at: number, index: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => read(at + i * size, i));
  }

  private program({ offset: at, size }: SectionView): ProgramView {
    const tensorsAt = at + F.PROGRAM_HEADER_BYTES;
    const tensorCount = this.u16(at + F.PROGRAM_TENSORS_AT);
    const inputCount = this.u8(at + F.PROGRAM_INPUTS_AT);
    const outputCount = this.u8(at + F.PROGRAM_OUTPUTS_AT);
    const field = this.u16(at + F.PROGRAM_OPERATORS_AT);
    const [grain, operatorCount] = [1 << (field >> F.PROGRAM_UNIT_BITS), field & ((1 << F.PROGRAM_UNIT_BITS) - 1)];
    const portsAt = tensorsAt + tensorCount * F.TENSOR_BYTES;
    const operatorsAt = portsAt + (inputCount + outputCount) * F.PORT_BYTES;
    const ports = this.records(portsAt, inputCount + outputCount, F.PORT_BYTES, (p) => ({
      at: p,
      tensor: this.u16(p + F.PORT_TENSOR_AT),
      scale: this.data.getFloat32(p + F.PORT_SCALE_AT, true),
    }));
    const tensors = this.records(tensorsAt, tensorCount, F.TENSOR_BYTES, (t) => this.tensor(t));
    const operators = this.records(operatorsAt, operatorCount, F.OPERATOR_BYTES, (o) => this.operator(o, grain));
    return {
      at,
      size,
      tensors,
      inputs: ports.slice(0, inputCount),
      outputs: ports.slice(inputCount),
      operators,
      branches: this.branches(tensors, operators),
      planAt: operatorsAt + operatorCount * F.OPERATOR_BYTES,
      grain,
      arenaBytes: this.u16(at + F.PROGRAM_ARENA_AT) * grain * F.ARENA_UNIT,
    };
  }

  private branches(tensors: readonly TensorView[], operators: readonly OperatorView[]): Branches {
    const routes = [...operators.entries()].filter(([, { kind }]) => kind === F.ROUTE);
    const counts = ({ input, table }: OperatorView): number[] => {
      const at = this.section(F.SECTION_TABLES).offset + table;
      return Array.from({ length: tensors[input]?.channels ?? 0 }, (_, b) => this.u32(at + 4 * b));
    };
    const all = new Map(routes.map(([o, route]) => [o, counts(route)]));
    try {
      return branchesOf(operators.length, all);
    } catch (error) {
      throw new ImageError((error as Error).message);
    }
  }

  private tensor(at: number): TensorView {
    const [height, width, channels] = [F.TENSOR_HEIGHT_AT, F.TENSOR_WIDTH_AT, F.TENSOR_CHANNELS_AT].map((f) =>
      this.u16(at + f),
    );
    const type = this.u8(at + F.TENSOR_TYPE_AT);
    const bytes = height * width * channels * (type === F.TYPE_I16 ? 2 : 1);
    return { at, height, width, channels, type, zeroPoint: this.i8(at + F.TENSOR_ZERO_POINT_AT), bytes };
  }

  private operator(at: number, grain: number): OperatorView {
    const weighted = this.u16(at + F.OPERATOR_SOURCE_AT) !== F.NONE;
    return {
      at,
      kind: this.u8(at + F.OPERATOR_KIND_AT),
      residency: this.u8(at + F.OPERATOR_RESIDENCY_AT),
      input: this.u16(at + F.OPERATOR_INPUT_AT),
      input2: weighted ? F.NONE : this.u16(at + F.OPERATOR_INPUT2_AT),
      scratch: weighted ? this.u16(at + F.OPERATOR_SCRATCH_AT) * grain : 0,
      output: this.u16(at + F.OPERATOR_OUTPUT_AT),
      source: this.u16(at + F.OPERATOR_SOURCE_AT),
      stride: [this.u8(at + F.OPERATOR_STRIDE_HEIGHT_AT), this.u8(at + F.OPERATOR_STRIDE_WIDTH_AT)],
      kernel: [this.u16(at + F.OPERATOR_KERNEL_HEIGHT_AT), this.u16(at + F.OPERATOR_KERNEL_WIDTH_AT)],
      pad: [this.u8(at + F.OPERATOR_PAD_TOP_AT), this.u8(at + F.OPERATOR_PAD_LEFT_AT)],
      activation: [this.i8(at + F.OPERATOR_MIN_AT), this.i8(at + F.OPERATOR_MAX_AT)],
      table: this.u32(at + F.OPERATOR_TABLE_AT),
      encoding: this.u8(at + F.OPERATOR_ENCODING_AT),
    };
  }

  private source(at: number, index: number): SourceView {
    return {
      at,
      index,
      kind: this.u8(at + F.SOURCE_KIND_AT),
      encoding: this.u8(at + F.SOURCE_ENCODING_AT),
      generator: this.u16(at + F.SOURCE_GENERATOR_AT),
      rows: this.u16(at + F.SOURCE_ROWS_AT),
      rowLength: this.u16(at + F.SOURCE_ROW_LENGTH_AT),
      rowsPerCode: this.u16(at + F.SOURCE_ROWS_PER_CODE_AT),
      data: this.u32(at + F.SOURCE_DATA_AT),
    };
  }

  private generator(at: number, index: number): GeneratorView {
    return {
      at,
      index,
      kind: this.u8(at + F.GENERATOR_KIND_AT),
      codeEncoding: this.u8(at + F.GENERATOR_CODE_ENCODING_AT),
      codeLength: this.u8(at + F.GENERATOR_CODE_LENGTH_AT),
      hidden: this.u8(at + F.GENERATOR_HIDDEN_AT),
      outputs: this.u8(at + F.GENERATOR_OUTPUTS_AT),
      basisEncoding: this.u8(at + F.GENERATOR_BASIS_ENCODING_AT),
      basisRows: this.u16(at + F.GENERATOR_BASIS_ROWS_AT),
      basisColumns: this.u16(at + F.GENERATOR_BASIS_COLUMNS_AT),
      mlp: this.u32(at + F.GENERATOR_MLP_AT),
      basis: this.u32(at + F.GENERATOR_BASIS_AT),
    };
  }
}
