/** What `htpw bench` prints: figures of one board beside CMSIS-NN's and TensorFlow Lite Micro's. */
import { loadBoard } from '../boards/board.ts';
import { columns } from '../drawing/columns.ts';
import { macs } from '../model/weights.ts';
import type { TrainingSpeed } from '../train/index.ts';
import type { Figures, KernelFigure, ModelFigure } from './figures.ts';
import { type Core, KERNELS, peerCore, shapeName } from './kernels.ts';
import type { NodeFigure } from './node.ts';
import { TOPOLOGIES } from './topologies.ts';

type Row = (string | number)[];

/** All tables of a board. */
export function boardTables(figures: Figures): string {
  const { tailoredEcg, allOperators } = figures.text;
  const board = loadBoard(figures.board);
  const core = peerCore(board.core);
  return [
    `${figures.board} (${board.core}), instructions`,
    columns(withoutEmpty(kernelRows(figures, core))),
    columns(residencyRows(figures.models)),
    columns(withoutEmpty(topologyRows(figures.models, core))),
    columns([
      ['bytes of runtime code', ''],
      ['ecg-beats', tailoredEcg],
      ['all operators', allOperators],
    ]),
  ].join('\n\n');
}

/** The kernels of a real board, which counts cycles. */
export function cycleTable(board: string, kernels: readonly KernelFigure[]): string {
  const rows = kernels.map(({ kernel, shape, instructions, perMac }) => [
    kernel,
    shape,
    instructions,
    perMac.toFixed(2),
  ]);
  return [`${board}, cycles`, columns([['kernel', 'shape', 'cycles', 'per MAC'], ...rows])].join('\n\n');
}

function kernelRows({ kernels }: Figures, core: Core | undefined): Row[] {
  const rows = kernels.map(({ kernel, shape, instructions, perMac }) => {
    const known = KERNELS.find((candidate) => candidate.kind === kernel && shapeName(candidate) === shape);
    const theirs = core && known?.cmsis[core];
    return [kernel, shape, instructions, perMac.toFixed(2), theirs?.toFixed(2) ?? '', ratio(perMac, theirs)];
  });
  return [['kernel', 'shape', 'instructions', 'per MAC', 'CMSIS-NN', 'ratio'], ...rows];
}

/**
 * The models that were measured in several residencies. "inf. / flash" and "inf. / boot" compare an inference with
 * that of the same network with stored weights, and with weights generated at boot.
 */
export function residencyRows(models: readonly ModelFigure[]): Row[] {
  const rows = models.flatMap((figure) => {
    const { model, residency, open, boot, firstInference, perInference, arenaBytes } = figure;
    const inference = (of: string) =>
      models.find((other) => other.model === model && other.residency === of)?.perInference;
    const generated = inference('boot');
    if (generated === undefined) return [];
    const relative = [
      ratio(perInference, inference('flash')),
      ratio(perInference, generated),
      ratio(boot, perInference),
    ];
    return [[model, residency, open, boot, firstInference, perInference, ...relative, arenaBytes]];
  });
  const titles = [
    'open',
    'boot',
    'first inference',
    'inference',
    'inf. / flash',
    'inf. / boot',
    'boot / inf.',
    'arena bytes',
  ];
  return [['model', 'weights', ...titles], ...rows];
}

/**
 * The networks of MLPerf Tiny. Before the first inference TFLM allocates its tensors, we load; proving the image with
 * open, which it has nothing like, needs no repetition while the image stays the same.
 */
export function topologyRows(models: readonly ModelFigure[], core: Core | undefined): Row[] {
  const rows = TOPOLOGIES.flatMap(({ name, build, peer }) => {
    const ours = models.find(({ model }) => model === name);
    if (!ours) return [];
    const work = macs(build());
    const theirs = core && peer[core];
    const beside = (count: number, theirs?: number): Row => [count, theirs ?? '', ratio(count, theirs)];
    return [
      [
        name,
        work,
        (ours.perInference / work).toFixed(2),
        ...beside(ours.perInference, theirs?.inference),
        ...beside(ours.boot, theirs?.startUp),
        ...beside(ours.arenaBytes, theirs?.arenaBytes),
        ours.open,
      ],
    ];
  });
  const titles = ['inference', 'load', 'arena bytes'].flatMap((title) => [title, 'TFLM', 'ratio']);
  return [['network', 'MACs', 'per MAC', ...titles, 'open'], ...rows];
}

export function nodeTable(figures: readonly NodeFigure[]): string {
  const rows = figures.map(({ variant, windowsPerSecond, ofScalar }) => [
    variant,
    Math.round(windowsPerSecond),
    ofScalar.toFixed(2),
  ]);
  return columns([['variant', 'windows/s', 'of scalar'], ...rows]);
}

/** What bench/train.json records. */
export interface TrainingRecord {
  commit: string;
  processor: string;
  node: string;
  networks: TrainingSpeed[];
}

export function trainingTable(networks: readonly TrainingSpeed[]): string {
  const rows = networks.map(({ name, networks, windowsPerSecond, seconds }) => [
    name,
    networks,
    Math.round(windowsPerSecond),
    seconds.batches.toFixed(2),
    seconds.steps.toFixed(2),
    seconds.total.toFixed(2),
  ]);
  return columns([['configuration', 'networks', 'windows/s', 's per 1,000: batches', 'steps', 'together'], ...rows]);
}

/** Leaves out columns that have nothing but a title: not everything was measured on every core. */
export function withoutEmpty(rows: readonly Row[]): Row[] {
  const kept = rows[0].map((_, i) => rows.slice(1).some((row) => row[i] !== ''));
  return rows.map((row) => row.filter((_, i) => kept[i]));
}

const ratio = (ours: number, theirs: number | undefined): string =>
  theirs ? (ours / theirs).toFixed(ours < 0.1 * theirs ? 3 : 2) : '';
