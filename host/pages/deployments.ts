/** docs/deploy.md: a section for each image, a row for each board and way of holding weights. */
import { basename } from 'node:path';
import { type Board, emulationOf, loadBoard } from '../boards/board.ts';
import { markdownTable } from '../drawing/markdown.ts';
import type { Deployment, DeployRecord, ImageDeployments } from '../measure/deployments.ts';
import { grouped } from '../system/grouped.ts';

export const HEADINGS = [
  'board',
  'weights',
  'fits',
  'flash',
  'RAM',
  'arena',
  'stack',
  'boot',
  'inference',
  'ms, estimate',
  'mJ, estimate',
  'boot pays after',
] as const;

const NONE = '-';

/** The whole page, from bench/deploy.json and what board.json says of each board in it. */
export function deployPage({ images }: Pick<DeployRecord, 'images'>): string {
  const names = new Set(images.flatMap(({ deployments }) => deployments.map(({ board }) => board)));
  const boards = [...names].map((name) => loadBoard(name));
  return `# What runs where

Every committed image on every board, from builds and emulator runs: \`npx htpw bench --deploy\` measures them, and
\`npx htpw pages\` writes this page.

- _weights_: those that need making are made at _boot_ into a cache, or at every inference (_stream_); stored INT8 ones are read
  _in flash_. \`npx htpw plan IMAGE --board BOARD\` finds the best mixture for a board's RAM ([residency.md](residency.md)).
- _flash_: code, constants and image. _RAM_: stack as reserved, arena, input, output, all other variables. _arena_: of it, what the
  network needs. All in bytes; a row that does not fit says which budget of \`board.json\` fails, and by how much.
- _stack_: bytes used by load and inference, of those reserved, measured where the counts are made; _reserved_ alone where those
  are from another board.
- _boot_, _inference_: instructions, exact, of an emulated core; with ~ those of the emulated board of the same core, an estimate.
- _boot pays after_: inferences until boot costs fewer instructions in all than streaming.
- _ms_ and _mJ_, per inference: estimates from the assumptions below, not measurements; for emulated boards there are none.

${assumptions(boards)}
${images.map(section).join('\n')}`;
}

/** What estimates rest on, of each board that has any. */
function assumptions(boards: Board[]): string {
  const rows = boards
    .filter((board) => board.emulated !== undefined)
    .map((board) => [
      `\`${board.name}\``,
      `\`${emulationOf(board).name}\``,
      board.clockHz === undefined ? 'unknown' : `${board.clockHz / 1e6} MHz`,
      board.timing ? `${board.timing.instructionsPerCycle} (${board.timing.source})` : 'unknown',
      board.power ? `${board.power.volts} V, ${board.power.milliamps} mA (${board.power.source})` : 'unknown',
    ]);
  return markdownTable(['board', 'counted on', 'clock', 'instructions per cycle', 'supply'], rows, 5);
}

function section({ path, imageBytes, deployments }: ImageDeployments): string {
  const rows = deployments.map((deployment) => row(deployment, deployments));
  return `## ${basename(path, '.htpw')}

\`${path}\`, ${grouped(imageBytes)} bytes.

${markdownTable([...HEADINGS], rows, 3)}`;
}

function row(deployment: Deployment, all: Deployment[]): string[] {
  const { held, flashBytes, ramBytes, arenaBytes, stackUsed } = deployment;
  const board = loadBoard(deployment.board);
  const lacks = shortage(deployment);
  const reserved = grouped(board.budget?.stackBytes ?? 0);
  const sizes = [grouped(flashBytes), grouped(ramBytes), grouped(arenaBytes)];
  const stack = stackUsed === null ? `${reserved} reserved` : `${grouped(stackUsed)} of ${reserved}`;
  const head = [`\`${board.name}\``, held, lacks ?? 'yes', ...sizes, stack];
  if (lacks) return [...head, NONE, NONE, NONE, NONE, NONE];
  const estimate = emulationOf(board).name === board.name ? '' : '~';
  const other = all.find((candidate) => candidate.board === board.name && candidate.held === 'stream');
  const pays =
    held === 'boot' && other ? breakEven(deployment.boot - other.boot, other.inference, deployment.inference) : null;
  return [
    ...head,
    estimate + grouped(deployment.boot),
    estimate + grouped(deployment.inference),
    milliseconds(board, deployment.inference),
    millijoules(board, deployment.inference),
    pays === null ? NONE : grouped(pays),
  ];
}

/** Which budget a deployment exceeds and by how many bytes; null when it fits. */
function shortage({ board, flashBytes, ramBytes }: Deployment): string | null {
  const { budget } = loadBoard(board);
  if (!budget) return null;
  const over = [
    ['flash', flashBytes - budget.flashBytes],
    ['RAM', ramBytes - budget.ramBytes],
  ] as const;
  const lacking = over.filter(([, bytes]) => bytes > 0).map(([name, bytes]) => `${name} by ${grouped(bytes)}`);
  return lacking.length > 0 ? `no: ${lacking.join(', ')}` : null;
}

/**
 * Inferences after which weights made once, for `boot` more, have cost less than weights made each time; null when they
 * never do.
 */
export function breakEven(boot: number, streamed: number, cached: number): number | null {
  return streamed > cached ? Math.ceil(boot / (streamed - cached)) : null;
}

/** Of instructions, as the board's clock and assumed instructions per cycle have it. */
export function milliseconds({ clockHz, timing }: Board, instructions: number): string {
  if (!clockHz || !timing) return NONE;
  return rounded((1000 * instructions) / (clockHz * timing.instructionsPerCycle));
}

/** Of instructions; unknown without a figure for the supply. */
export function millijoules(board: Board, instructions: number): string {
  const { clockHz, timing, power } = board;
  if (!clockHz || !timing) return NONE;
  if (!power) return 'unknown';
  return rounded((power.volts * power.milliamps * instructions) / (clockHz * timing.instructionsPerCycle));
}

/** Two digits: an estimate has no more. */
function rounded(value: number): string {
  return grouped(Number(value.toPrecision(2)), 6);
}
