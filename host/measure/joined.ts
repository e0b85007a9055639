/**
 * Several networks in one image on codebooks that they share, beside their INT8 originals: bytes, answers, and what a
 * switch from one to the next takes on an emulated core, against reading INT8 weights from an external flash.
 */
import { onBoard } from '../agent/session.ts';
import { counted, loadBoard } from '../boards/board.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { compare, largestOf, type Outputs, outputsOf } from '../compress/agreement.ts';
import { pack } from '../image/pack.ts';
import { type Unpacked, unpack } from '../image/unpack.ts';
import { joinOnto, joinPrograms } from '../join/programs.ts';
import { type Joined, packJoined, shareCodebooks, takeCodebooks, weightBytes } from '../join/share.ts';
import { ImageView } from '../records/view.ts';
import { moduleOf } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { type Case, casesOf } from './joinedNetworks.ts';

/** Entries of codebooks, of four weights and of two: 2 and 4 bits a weight. */
export const SIZES = [
  { entries: 256, length: 4 },
  { entries: 256, length: 2 },
] as const;
/** How much smaller than in float32 weights should be: the paper's largest ratio, and a little. */
const RATIO = 12.4;
/** Counts instructions; the board that they are turned into time for. */
const [COUNTED, TIMED] = ['mps2-an500', 'nucleo-f767zi'] as const;

/** One network before and after. Shares from 0 to 1. */
export interface JoinedFigure {
  name: string;
  modality: string;
  data: string;
  judged: number;
  weights: number;
  biases: number;
  /** of its weights and indices, without codebooks */
  weightBytes: number;
  /** layers by what holds their weights */
  layers: Record<string, number>;
  /** same class as the original */
  agreement: number;
  /** the smaller of the shares of each class of the original that stay */
  leastAgreement: number;
  /** null where nobody knows what is right */
  accuracy: { before: number; after: number } | null;
  /** instructions of loading it, of a Cortex-M7 */
  switchInstructions: number;
}

/** bench/join.json */
export interface JoinRecord {
  networks: JoinedFigure[];
  added: JoinedFigure[];
  /** of `networks` together: image, and weights, indices and codebooks in it */
  bytes: { image: number; weights: number; codebooks: number };
  /** the same networks in INT8 images of their own */
  int8Bytes: number;
  /** of the image with the added ones */
  allBytes: number;
  board: string;
  /** what instructions become time by, and what is read instead */
  timed: { board: string; clockHz: number; instructionsPerCycle: number; bytesPerSecond: number; source: string };
}

type Report = (done: number, total: number, note: string) => void;

/** Joins, adds, judges and counts; needs HTPW_DATA, and minutes. */
export async function measureJoined(report: Report = () => {}): Promise<JoinRecord> {
  const wasm = moduleOf(FASTEST);
  const networkOf = ({ name, unpacked, calibration }: Case) => ({
    name,
    unpacked: { ...unpacked, model: { ...unpacked.model, metadata: { ...unpacked.model.metadata, name } } },
    samples: { inputs: calibration, wasm },
  });
  const packed = (parts: readonly Unpacked[]) => packJoined(joinPrograms(parts, 'all'));
  const [cases, others] = [casesOf('joined'), casesOf('added')];
  const float = cases.reduce((sum, { unpacked }) => sum + 4 * weightsOf(unpacked), 0);
  const wanted = { weights: Math.floor(float / RATIO) };
  const joined = shareCodebooks(cases.map(networkOf), SIZES, wanted, packed, report);
  const image = packed(joined.map(({ unpacked }) => unpacked));
  const base = unpack(new ImageView(image));
  const added = takeCodebooks(
    others.map(networkOf),
    base.model.generators,
    { agreement: 0.99 },
    (parts) => packJoined(joinOnto(base, parts)),
    report,
  );
  const all = packJoined(
    joinOnto(
      base,
      added.map(({ unpacked }) => unpacked),
    ),
  );
  const switches = await countSwitches(all);
  const figures = [...joined, ...added].map((one, i) => figureOf([...cases, ...others][i]!, one, switches[i]!));
  const { clockHz, timing, externalFlash } = loadBoard(TIMED);
  return {
    networks: figures.slice(0, cases.length),
    added: figures.slice(cases.length),
    bytes: {
      image: image.length,
      weights: weightBytes(joined.map(({ chosen }) => chosen)),
      codebooks:
        weightBytes(joined.map(({ chosen }) => chosen)) -
        figures.slice(0, cases.length).reduce((sum, one) => sum + one.weightBytes, 0),
    },
    int8Bytes: cases.reduce((sum, { unpacked: { model, tables } }) => sum + pack(model, { tables }).length, 0),
    allBytes: all.length,
    board: COUNTED,
    timed: {
      board: TIMED,
      clockHz: clockHz!,
      instructionsPerCycle: timing!.instructionsPerCycle,
      ...externalFlash!,
    },
  };
}

const weightsOf = ({ model }: Unpacked): number =>
  model.sources.reduce((sum, { rows, rowLength }) => sum + rows * rowLength, 0);

/** Instructions of loading each program when another one is loaded. */
async function countSwitches(image: Uint8Array): Promise<number[]> {
  const board = loadBoard(COUNTED);
  const { programs } = new ImageView(image);
  return onBoard(board, placeUnderBuild('joined', image), async (agent) => {
    const counts: number[] = [];
    for (const p of programs.keys()) {
      await agent.load((p + 1) % programs.length);
      counts.push(counted(board, (await agent.load(p)).ticks));
    }
    return counts;
  });
}

function figureOf(
  { name, modality, data, judged, labels }: Case,
  one: Joined,
  switchInstructions: number,
): JoinedFigure {
  const samples = { inputs: judged, wasm: moduleOf(FASTEST) };
  const { model, tables } = one.original;
  const before = outputsOf(model, samples, tables);
  const after = outputsOf(one.unpacked.model, samples);
  const layers: Record<string, number> = {};
  for (const { replacement } of one.chosen) layers[replacement.name] = (layers[replacement.name] ?? 0) + 1;
  return {
    name,
    modality,
    data,
    judged: judged.length,
    weights: weightsOf(one.original),
    biases: model.programs[0]!.operators.reduce(
      (sum, operator) => sum + ('bias' in operator ? operator.bias.length : 0),
      0,
    ),
    weightBytes: one.chosen.reduce((sum, { bytes }) => sum + bytes, 0),
    layers,
    agreement: compare(before, after, 0).top1,
    leastAgreement: leastAgreement(before, after),
    accuracy: labels && { before: accuracy(before, labels), after: accuracy(after, labels) },
    switchInstructions,
  };
}

const accuracy = (outputs: Outputs, labels: ArrayLike<number>): number =>
  largestOf(outputs).reduce((right, index, i) => right + (index === labels[i] ? 1 : 0), 0) / labels.length;

/** Of the classes that the original answers: a network that says one thing nearly always agrees with anything that does. */
function leastAgreement(before: Outputs, after: Outputs): number {
  const [mine, theirs] = [largestOf(before), largestOf(after)];
  const classes = [...new Set(mine)];
  return Math.min(
    ...classes.map((index) => {
      const own = [...mine.keys()].filter((i) => mine[i] === index);
      return own.filter((i) => theirs[i] === index).length / own.length;
    }),
  );
}
