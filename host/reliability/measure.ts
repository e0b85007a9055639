/** Counts what the worst programs and images take on emulated cores, and which flipped bits the checks find. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anyInput, onBoard } from '../agent/session.ts';
import { counted, loadBoard } from '../boards/board.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { Runtime } from '../runtime/node.ts';
import { projectRoot } from '../system/root.ts';
import { testWindows } from '../task/inputs.ts';
import { countFlips, type FlipFigure } from './flips.ts';
import { worstImages, worstPrograms } from './worstCases.ts';

/** Of one program of worstPrograms: units of work that `open` sees in it, and instructions of the longest call. */
interface ProgramFigure {
  program: string;
  units: number;
  load: number;
  invoke: number;
}

/** Of one image of worstImages: what `open` takes. */
interface ImageFigure {
  image: string;
  bytes: number;
  open: number;
}

export interface WorstFigures {
  board: string;
  programs: ProgramFigure[];
  images: ImageFigure[];
}

/** What bench/reliability.json records. */
export interface Reliability {
  worst: WorstFigures[];
  flips: { image: string; inputs: number; parts: FlipFigure[] };
}

/**
 * The cores at both ends: one multiplies two halves of a word at once, one takes dozens of instructions for a long
 * product.
 */
const BOARDS = ['mps2-an500', 'mps2-an385-m0'];
const FLIPPED = join('models', 'ecg-beats.htpw');
const FLIPS = 4000;
const INPUTS = 8;

/** All that bench/reliability.json records; takes a minute or two. */
export async function measureReliability(): Promise<Reliability> {
  const worst: WorstFigures[] = [];
  for (const board of BOARDS) worst.push(await measureWorst(board));
  const image = new Uint8Array(readFileSync(join(projectRoot(), FLIPPED)));
  const { windows } = testWindows(new Runtime(image), INPUTS, 'synthetic-easy');
  return { worst, flips: { image: FLIPPED, inputs: INPUTS, parts: countFlips(image, windows, FLIPS) } };
}

/** Instructions on an emulated board; builds a firmware for each image. */
export async function measureWorst(boardName: string): Promise<WorstFigures> {
  const board = loadBoard(boardName);
  const { image, names } = worstPrograms();
  const runtime = new Runtime(image);
  const programs = await onBoard(board, placeUnderBuild('worst programs', image), async (agent) => {
    const figures: ProgramFigure[] = [];
    for (const [index, program] of names.entries()) {
      const load = counted(board, (await agent.load(index)).ticks);
      const { inputBytes } = await agent.info();
      const invoke = counted(board, (await agent.run(anyInput(inputBytes))).ticks);
      figures.push({ program, units: runtime.work(index), load, invoke });
    }
    return figures;
  });
  const images: ImageFigure[] = [];
  for (const { name, image } of worstImages()) {
    const open = await onBoard(board, placeUnderBuild(name, image), async (agent) => (await agent.info()).openTicks!);
    images.push({ image: name, bytes: image.length, open: counted(board, open) });
  }
  return { board: boardName, programs, images };
}
