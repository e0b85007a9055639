/** Estimates the cycles of the kernels and networks of `htpw bench` from what an emulated core executes. */
import { resolve } from 'node:path';
import { tracedLines } from '../../agent/trace.ts';
import { type Board, loadBoard } from '../../boards/board.ts';
import { buildFirmware, PROGRAMS } from '../../build/firmware.ts';
import { placeUnderBuild } from '../../build/placedImage.ts';
import { pack } from '../../image/pack.ts';
import { run } from '../../system/process.ts';
import { packNetworks } from '../benchmarks.ts';
import type { KernelFigure, ModelFigure } from '../figures.ts';
import { inFirmwares, KERNELS, type Kernel, kernelModel, shapeName } from '../kernels.ts';
import { CORTEX_M4 } from './cortexM4.ts';
import { CORTEX_M7 } from './cortexM7.ts';
import { parseDisassembly } from './disassembly.ts';
import { type Estimate, estimate } from './estimate.ts';
import type { CycleModel } from './pipeline.ts';
import { TraceReader } from './trace.ts';

const CYCLE_MODELS: readonly CycleModel[] = [CORTEX_M7, CORTEX_M4];

/** An emulated board for each of them. */
export const ESTIMATED_BOARDS = ['mps2-an500', 'mps2-an386'] as const;

export type KernelCycles = Pick<KernelFigure, 'kernel' | 'shape'> & Estimate;
export type ModelCycles = Pick<ModelFigure, 'model' | 'residency'> & Estimate;

export interface BoardCycles {
  board: string;
  kernels: KernelCycles[];
  models: ModelCycles[];
}

/** bench/cycles.json */
export interface CycleRecord {
  boards: BoardCycles[];
}

export const hasModel = ({ core }: Board): boolean => CYCLE_MODELS.some((known) => known.core === core);

/** Throws for a core without a model. */
export function modelOf({ name, core }: Board): CycleModel {
  const model = CYCLE_MODELS.find((known) => known.core === core);
  const cores = CYCLE_MODELS.map((known) => known.core).join(' or ');
  if (!model) throw new Error(`${name}: expected a core with a model of its cycles, ${cores}, got ${core}`);
  return model;
}

/** Everything, on one board after the other. Needs their compiler and emulator; files go to build/. */
export async function measureCycles(
  report: (done: number, total: number, note: string) => void = () => {},
): Promise<CycleRecord> {
  const networks = packNetworks().filter(({ residency }) => residency !== 'lazy'); // whose first run makes weights
  const boards: BoardCycles[] = [];
  const total = ESTIMATED_BOARDS.length * (networks.length + 1);
  let done = 0;
  for (const name of ESTIMATED_BOARDS) {
    const board = loadBoard(name);
    report(done++, total, `${name}: kernels`);
    const figures: BoardCycles = { board: name, kernels: await estimateKernels(board, KERNELS), models: [] };
    for (const { model, residency, path } of networks) {
      report(done++, total, `${name}: ${model}`);
      const [{ instructions, cycles }] = await estimatePrograms(board, path, 1);
      figures.models.push({ model, residency, instructions, cycles });
    }
    boards.push(figures);
  }
  return { boards };
}

/** Of each kernel what one more run of it adds to an inference, as the counts are of it. */
export async function estimateKernels(board: Board, kernels: readonly Kernel[]): Promise<KernelCycles[]> {
  const figures: KernelCycles[] = [];
  for (const some of inFirmwares(kernels)) figures.push(...(await estimateIn(board, some)));
  return figures;
}

async function estimateIn(board: Board, kernels: readonly Kernel[]): Promise<KernelCycles[]> {
  const image = placeUnderBuild('traced-kernels', pack(kernelModel(kernels), { tables: 'q31' }));
  const programs = await estimatePrograms(board, image, 2 * kernels.length);
  return kernels.map((kernel, i) => {
    const [once, twice] = [programs[2 * i]!, programs[2 * i + 1]!];
    return {
      kernel: kernel.kind,
      shape: shapeName(kernel),
      instructions: twice.instructions - once.instructions,
      cycles: twice.cycles - once.cycles,
    };
  });
}

/**
 * The first inference of each of the first programs of an image, the making of lazy weights included. Throws for a
 * board whose core has no model.
 */
export async function estimatePrograms(board: Board, imagePath: string, programs: number): Promise<Estimate[]> {
  const model = modelOf(board);
  const firmware = await buildFirmware(board, imagePath, { main: PROGRAMS });
  const elf = resolve(firmware.elf);
  const listing = await run(`${board.toolchain}objdump`, ['-d', '--no-show-raw-insn', elf], {
    packages: board.packages?.compiler,
  });
  const code = parseDisassembly(listing);
  const reader = new TraceReader(code, 'htpw_invoke');
  for await (const lines of tracedLines(board, elf)) {
    for (const line of lines) reader.line(line);
    if (reader.calls.length >= programs) break;
  }
  return reader.calls.slice(0, programs).map((call) => estimate(call, reader.blocks, code, model));
}
