/** Weights that are made once, at boot, beside weights that are made on every use: from bench/deploy.json. */
import { basename } from 'node:path';
import { loadBoard } from '../boards/board.ts';
import { stackedChart } from '../drawing/stackedChart.ts';
import type { Deployment, DeployRecord } from '../measure/deployments.ts';
import { grouped } from '../system/grouped.ts';
import { breakEven } from './deployments.ts';
import type { Section } from './document.ts';

/** On which both are emulated: from the smallest core to the largest. */
const BOARDS = ['mps2-an385-m0', 'mps2-an386', 'mps2-an500', 'mps3-an547'];
/** Of which the drawing is. */
const DRAWN = 'mps2-an500';

interface Pair {
  image: string;
  board: string;
  boot: Deployment;
  stream: Deployment;
}

function pairsOf({ images }: DeployRecord): Pair[] {
  return images.flatMap(({ path, deployments }) =>
    BOARDS.flatMap((board): Pair[] => {
      const [boot, stream] = (['boot', 'stream'] as const).map((held) =>
        deployments.find((one) => one.board === board && one.held === held),
      );
      return boot && stream ? [{ image: basename(path, '.htpw'), board, boot, stream }] : [];
    }),
  );
}

/** What making weights once costs in RAM and at boot, and saves in every inference. */
export function heldSection(deploy: DeployRecord): Section {
  const pairs = pairsOf(deploy);
  const title = 'Made at boot, or on every use';
  if (pairs.length === 0) return { title, blocks: ['Not recorded: `npx htpw bench --deploy`, then `npx htpw pages`.'] };
  const rows = pairs.map(({ image, board, boot, stream }) => {
    const pays = breakEven(boot.boot - stream.boot, stream.inference, boot.inference);
    return [
      image,
      loadBoard(board).core,
      grouped(boot.ramBytes),
      grouped(stream.ramBytes),
      grouped(boot.boot),
      grouped(stream.boot),
      grouped(boot.inference),
      grouped(stream.inference),
      `${((100 * (stream.inference - boot.inference)) / boot.inference).toFixed(1)} %`,
      pays === null ? 'never' : grouped(pays),
    ];
  });
  const shown = pairs.filter(({ board }) => board === DRAWN);
  const svg = heldDrawing(deploy);
  return {
    title,
    blocks: [
      `Weights that need making are made into a cache in RAM when a program is loaded (_boot_), or in scratch each time that
a layer runs (_stream_): bytes of RAM of the whole firmware, instructions of loading and of an inference on emulated
cores, how much more an inference takes that makes its weights, and after how many inferences boot has paid. The
[planner](residency.md) mixes both for the RAM of a board; [all boards](deploy.md).`,
      ...(shown.length > 0
        ? [{ drawing: 'evidence/held.svg', svg, says: 'RAM with weights made at boot and streamed' }]
        : []),
      {
        headings: [
          'image',
          'core',
          'RAM, boot',
          'stream',
          'load, boot',
          'stream',
          'inference, boot',
          'stream',
          'more',
          'pays after',
        ],
        rows,
        from: 2,
      },
    ],
  };
}

/** docs/evidence/held.svg */
export function heldDrawing(deploy: DeployRecord): string {
  const bars = pairsOf(deploy)
    .filter(({ board }) => board === DRAWN)
    .flatMap(({ image, boot, stream }) =>
      [boot, stream].map((one) => ({
        label: `${image}, ${one.held}`,
        amounts: [one.arenaBytes, one.ramBytes - one.arenaBytes],
        text: grouped(one.ramBytes),
      })),
    );
  return stackedChart({
    title: `Bytes of RAM on a ${loadBoard(DRAWN).core}, weights made at boot and streamed`,
    description: bars.map(({ label, text }) => `${label}: ${text}`).join('; '),
    parts: ['arena', 'stack, input, output and all else'],
    bars,
  });
}
