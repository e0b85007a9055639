/** What a build with -O2 alone loses against the flags that the kernels are tuned for, network by network. */
import { anyInput, onBoard } from '../agent/session.ts';
import { counted, loadBoard } from '../boards/board.ts';
import { packNetworks } from './benchmarks.ts';
import { currentCommit } from './records.ts';

/** A core with the DSP extension, and the smallest. */
export const PLAIN_BOARDS = ['mps2-an500', 'mps2-an385-m0'] as const;

/** Instructions of an inference. */
export interface PlainFigure {
  board: string;
  core: string;
  model: string;
  residency: string;
  tuned: number;
  plain: number;
}

export interface PlainRecord {
  commit: string;
  networks: PlainFigure[];
}

/** More instructions with -O2 alone, as a share; negative for fewer. */
export const lossOf = ({ tuned, plain }: PlainFigure): number => plain / tuned - 1;

/** Every network of the benchmark, in both builds, on both boards. */
export async function measurePlain(
  report: (done: number, total: number, note?: string) => void = () => {},
): Promise<PlainRecord> {
  const networks = packNetworks();
  const figures: PlainFigure[] = [];
  for (const name of PLAIN_BOARDS) {
    const board = loadBoard(name);
    for (const { model, residency, path } of networks) {
      report(figures.length, networks.length * PLAIN_BOARDS.length, `${model} on ${board.core}`);
      const instructions = (plain: boolean): Promise<number> =>
        onBoard(
          board,
          path,
          async (agent) => {
            await agent.load(0);
            const input = anyInput((await agent.info()).inputBytes);
            await agent.run(input); // what is lazy is made now
            return counted(board, (await agent.run(input)).ticks);
          },
          { plain },
        );
      const [tuned, plain] = [await instructions(false), await instructions(true)];
      figures.push({ board: name, core: board.core, model, residency, tuned, plain });
    }
  }
  return { commit: await currentCommit(), networks: figures };
}
