/**
 * The messages of ONNX files that the importer reads, by the field numbers of the ONNX specification
 * (https://onnx.ai/onnx/repo-docs/IR.html); fields that are not here are passed over. Read by protobufjs.
 */

/** type and number of a field; "repeated" in front where there are several */
type FieldSpec = Record<string, [type: string, id: number]>;

const MESSAGES: Record<string, FieldSpec> = {
  Model: {
    irVersion: ['int64', 1],
    producerName: ['string', 2],
    graph: ['Graph', 7],
    opsetImport: ['repeated OperatorSet', 8],
  },
  OperatorSet: { domain: ['string', 1], version: ['int64', 2] },
  Graph: {
    node: ['repeated Node', 1],
    name: ['string', 2],
    initializer: ['repeated Tensor', 5],
    input: ['repeated ValueInfo', 11],
    output: ['repeated ValueInfo', 12],
  },
  Node: {
    input: ['repeated string', 1],
    output: ['repeated string', 2],
    name: ['string', 3],
    opType: ['string', 4],
    attribute: ['repeated Attribute', 5],
    domain: ['string', 7],
  },
  Attribute: {
    name: ['string', 1],
    f: ['float', 2],
    i: ['int64', 3],
    s: ['bytes', 4],
    t: ['Tensor', 5],
    floats: ['repeated float', 7],
    ints: ['repeated int64', 8],
    type: ['int32', 20],
  },
  Tensor: {
    dims: ['repeated int64', 1],
    dataType: ['int32', 2],
    floatData: ['repeated float', 4],
    int32Data: ['repeated int32', 5],
    int64Data: ['repeated int64', 7],
    name: ['string', 8],
    rawData: ['bytes', 9],
    doubleData: ['repeated double', 10],
    dataLocation: ['int32', 14],
  },
  ValueInfo: { name: ['string', 1], type: ['Type', 2] },
  Type: { tensorType: ['TensorType', 1] },
  TensorType: { elemType: ['int32', 1], shape: ['Shape', 2] },
  Shape: { dim: ['repeated Dimension', 1] },
  Dimension: { dimValue: ['int64', 1], dimParam: ['string', 2] },
};

/** The same as a descriptor of protobufjs. */
export const DESCRIPTOR = {
  nested: Object.fromEntries(
    Object.entries(MESSAGES).map(([name, fields]) => [
      name,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([field, [type, id]]) => {
            const several = type.startsWith('repeated ');
            return [field, several ? { rule: 'repeated', type: type.slice('repeated '.length), id } : { type, id }];
          }),
        ),
      },
    ]),
  ),
};

export interface OnnxTensor {
  dims: number[];
  dataType: number;
  floatData: number[];
  int32Data: number[];
  int64Data: number[];
  name: string;
  rawData: Uint8Array;
  doubleData: number[];
  dataLocation: number;
}

export interface OnnxAttribute {
  name: string;
  f: number;
  i: number;
  s: Uint8Array;
  t: OnnxTensor | null;
  floats: number[];
  ints: number[];
  type: number;
}

export interface OnnxNode {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  attribute: OnnxAttribute[];
  domain: string;
}

export interface OnnxPort {
  name: string;
  type: {
    tensorType: { elemType: number; shape: { dim: { dimValue: number; dimParam: string }[] } | null } | null;
  } | null;
}

export interface OnnxModel {
  producerName: string;
  graph: {
    name: string;
    node: OnnxNode[];
    initializer: OnnxTensor[];
    input: OnnxPort[];
    output: OnnxPort[];
  } | null;
  opsetImport: { domain: string; version: number }[];
}

/** TensorProto.DataType: how numbers of it lie in raw data, as NumPy names them. */
export const DATA_TYPES: Readonly<
  Record<number, { name: string; element: 'f4' | 'u1' | 'i1' | 'u2' | 'i2' | 'i4' | 'i8' | 'f2' | 'f8' }>
> = {
  1: { name: 'FLOAT', element: 'f4' },
  2: { name: 'UINT8', element: 'u1' },
  3: { name: 'INT8', element: 'i1' },
  4: { name: 'UINT16', element: 'u2' },
  5: { name: 'INT16', element: 'i2' },
  6: { name: 'INT32', element: 'i4' },
  7: { name: 'INT64', element: 'i8' },
  9: { name: 'BOOL', element: 'u1' },
  10: { name: 'FLOAT16', element: 'f2' },
  11: { name: 'DOUBLE', element: 'f8' },
};
