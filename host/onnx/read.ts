/** The bytes of an ONNX file as messages, and its tensors as numbers. Throws ImportError for what is damaged. */
import { readNumbers } from '../data/formats/numbers.ts';
import { ImportError } from '../import/error.ts';
import { Unsupported } from '../model/unsupported.ts';
import { printable } from '../system/printable.ts';
import { DATA_TYPES, DESCRIPTOR, type OnnxModel, type OnnxTensor } from './schema.ts';

/** Loads the protobuf library, which no other command needs. */
export async function readOnnx(bytes: Uint8Array): Promise<OnnxModel> {
  const { default: protobuf } = await import('protobufjs/light.js');
  const type = protobuf.Root.fromJSON(DESCRIPTOR).lookupType('Model');
  try {
    return type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true }) as OnnxModel;
  } catch (error) {
    throw new ImportError(`damaged .onnx: ${printable((error as Error).message, 80)}; copy or export it again`);
  }
}

/** Numbers that a file holds, or that were computed from such. */
export interface Constant {
  shape: number[];
  values: Float64Array;
  /** of integers the type in the file: UINT8 and INT8 may be quantised numbers */
  type: string;
  /** of what is quantised: one scale, or one for each index of a dimension */
  quantized?: { scales: number[]; axis: number };
}

const MOST_VALUES = 2 ** 25;

export function constantOf(tensor: OnnxTensor): Constant {
  const { dims, dataType, rawData, floatData, int32Data, int64Data, doubleData, dataLocation, name } = tensor;
  const known = DATA_TYPES[dataType];
  const what = `the constant "${printable(name, 40)}"`;
  if (known === undefined) throw new Unsupported(`${what} is of data type ${dataType}`);
  if (dataLocation !== 0) throw new Unsupported(`${what} lies in another file; save the model as one file`);
  const count = dims.reduce((product, size) => product * size, 1);
  if (!(dims.every((size) => size >= 0) && count <= MOST_VALUES))
    throw new Unsupported(`${what} [${dims}] is too large`);
  const lists = [floatData, int32Data, int64Data, doubleData].find((list) => list.length > 0) ?? [];
  const values = rawData.length > 0 ? readNumbers(rawData, known.element, true) : lists;
  if (values.length !== count || (rawData.length > 0 && rawData.length !== count * Number(known.element[1])))
    throw new Unsupported(`${what} [${dims}] has ${values.length} values of ${known.name}`);
  return { shape: dims, values: Float64Array.from(values), type: known.name };
}
