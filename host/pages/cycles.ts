/** The part of docs/results.md on estimated cycles, and what README.md says of them. */
import { loadBoard } from '../boards/board.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { type BoardCycles, type KernelCycles, modelOf } from '../measure/cycles/measure.ts';
import { CMSIS_CYCLES } from '../measure/cycles/peers.ts';
import type { Figures } from '../measure/figures.ts';
import { KERNELS, peerCore, shapeName, work } from '../measure/kernels.ts';
import { TOPOLOGIES } from '../measure/topologies.ts';
import { grouped } from '../system/grouped.ts';
import type { Records } from './records.ts';

const coreOf = ({ board }: BoardCycles): string => loadBoard(board).core;

/** Ours of CMSIS-NN's: instructions as counted, cycles as estimated; undefined where theirs were not measured. */
function shares(each: BoardCycles, figures: readonly Figures[], { kernel, shape, cycles }: KernelCycles) {
  const core = peerCore(coreOf(each)) as 'M7' | 'M4';
  const known = KERNELS.find((one) => one.kind === kernel && shapeName(one) === shape);
  const { kernels } = figures.find(({ board }) => board === each.board)!;
  const counted = kernels.find((one) => one.kernel === kernel && one.shape === shape)!;
  const theirs = CMSIS_CYCLES[`${kernel} ${shape}`]?.[core];
  if (theirs === undefined || known?.cmsis[core] === undefined) return undefined;
  return { instructions: counted.perMac / known.cmsis[core], cycles: cycles / theirs };
}

/** The section, from its first sentence on. */
export function cyclesSection({ cycles, figures }: Records): string {
  const assumed = cycles.boards.map((each) => {
    const { core, assumptions } = modelOf(loadBoard(each.board));
    const list = assumptions.map((assumption) => `- ${assumption}`).join('\n');
    return `What the model of the ${core} assumes:\n\n${list}\n`;
  });
  return `Estimates, not measurements: QEMU's trace of the instructions that run, priced by a model of each core
(\`npx htpw bench --cycles\`). No board has confirmed them; they say more than counts where a load of two words, a taken
branch or a pair of instructions in one cycle matters.

${assumed.join('\n')}
Cycles of an inference, and per instruction:

${networkTable(cycles.boards)}
Cycles per multiply-accumulate, and ratios to CMSIS-NN's kernels, whose trace was priced by the same models: of cycles,
and beside them of instructions, as above.

${kernelTable(cycles.boards, figures)}`;
}

function networkTable(boards: readonly BoardCycles[]): string {
  const rows = boards[0]!.models.map(({ model, residency }) => {
    const name = TOPOLOGIES.find((topology) => topology.name === model)?.description ?? `ECG network, ${residency}`;
    return [
      name,
      ...boards.flatMap(({ models }) => {
        const { instructions, cycles } = models.find((one) => one.model === model && one.residency === residency)!;
        return [grouped(cycles), (cycles / instructions).toFixed(2)];
      }),
    ];
  });
  return markdownTable(['network', ...boards.flatMap((each) => [coreOf(each), 'per instruction'])], rows, 1);
}

function kernelTable(boards: readonly BoardCycles[], figures: readonly Figures[]): string {
  const rows = KERNELS.map((kernel) => {
    const [kind, shape] = [kernel.kind, shapeName(kernel)];
    const columns = boards.flatMap((each) => {
      const figure = each.kernels.find((one) => one.kernel === kind && one.shape === shape)!;
      const share = shares(each, figures, figure);
      const ratios = share ? [share.cycles.toFixed(2), share.instructions.toFixed(2)] : ['', ''];
      return [(figure.cycles / work(kernel)).toFixed(2), ...ratios];
    });
    return [kind, shape, ...columns];
  });
  const titles = boards.flatMap((each) => [coreOf(each), 'of CMSIS-NN', 'instructions']);
  return markdownTable(['kernel', 'shape', ...titles], rows, 2);
}

/** Both ratios on the first core, least to most. */
export function cyclesHeadline({ cycles, figures }: Records): string {
  const [first] = cycles.boards;
  const all = first!.kernels.flatMap((kernel) => shares(first!, figures, kernel) ?? []);
  const range = (values: readonly number[]) => `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  const [instructions, estimated] = [all.map((each) => each.instructions), all.map((each) => each.cycles)];
  return (
    `On a ${coreOf(first!)} kernels need ${range(instructions)} of the instructions of CMSIS-NN's, and ` +
    `${range(estimated)} of their\ncycles by [an estimate](docs/results.md#cycles-estimated) that no board has confirmed yet.`
  );
}
