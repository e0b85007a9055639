/** Weights written tile by tile, each of them what an MLP makes of a code. */
import {
  codeAt,
  codePieces,
  evaluateMlp,
  MLP_BYTES,
  MLP_FIELDS,
  type Mlp,
  mlpFeatures,
  mlpPieces,
  mlpScratch,
  mlpSizes,
  packCodes,
  packMlp,
  unpackCodes,
  unpackMlp,
} from './mlp.ts';
import { type GeneratorKind, generated, generatorOf, type SourceKind } from './source.ts';

/** Weights written tile by tile: row-major, each run of `outputs` weights is MLP(code of the tile). */
export interface TileSource {
  kind: 'tile';
  generator: number;
  rows: number;
  rowLength: number;
  /** [rows * rowLength / outputs][codeLength] */
  codes: Int8Array;
}

/** What makes a tile of weights out of its code. */
export interface TileGenerator {
  kind: 'tile';
  mlp: Mlp;
}

declare module '../model/model.ts' {
  interface WeightSources {
    tile: TileSource;
  }
  interface Generators {
    tile: TileGenerator;
  }
}

/** Row-major; each run of `outputs` weights is MLP(code of the tile). */
function tiledRows(source: TileSource, { mlp }: TileGenerator): Int8Array {
  const weights = new Int8Array(source.rows * source.rowLength);
  if (weights.length % mlp.outputs !== 0) {
    throw new RangeError(`tile source of ${weights.length} weights is no multiple of ${mlp.outputs} weights a tile`);
  }
  for (let tile = 0; tile * mlp.outputs < weights.length; tile++) {
    weights.set(evaluateMlp(mlp, codeAt(source, mlp, tile)), tile * mlp.outputs);
  }
  return weights;
}

export const tileSource: SourceKind<TileSource> = {
  code: 3,
  doc: {
    rows: 'Each run of weights is what the MLP makes of a code of its own; a row is a whole number of runs.',
    formulas: ['w[r][k] = MLP(code[i / outputs])[i mod outputs], i = r * rowLength + k'],
    fields: { ...MLP_FIELDS, GENERATOR_OUTPUTS_AT: 'weights in a run' },
    bytes: { codes: 'weights / weights in a run x bytes of a packed code', MLP: MLP_BYTES },
  },
  materialize: (source, generators) => tiledRows(source, generatorOf(source, generators)),
  pack: (source, generators) => generated(packCodes(source, generatorOf(source, generators).mlp)),
  unpack(image, view, generators) {
    const { rows, rowLength, generator } = view;
    const common = { kind: 'tile' as const, generator, rows, rowLength };
    const { mlp } = generatorOf(common, generators);
    return { ...common, codes: unpackCodes(image, view, mlp, (rows * rowLength) / mlp.outputs) };
  },
  describe: ({ generator }) => `tiles ${generator}`,
  pieces: codePieces,
  features: () => [],
  scratchBytes: (image, view) => mlpScratch(image, view, 0),
  isInPlace: () => false,
};

export const tileGenerator: GeneratorKind<TileGenerator> = {
  pack({ mlp }, data) {
    const none = { basisEncoding: 0, basisRows: 0, basisColumns: 0, basis: 0 };
    return { ...none, ...mlpSizes(mlp), outputs: mlp.outputs, mlp: packMlp(mlp, data) };
  },
  unpack: (image, view) => ({ kind: 'tile', mlp: unpackMlp(image, view) }),
  pieces: mlpPieces,
  features: mlpFeatures,
};
