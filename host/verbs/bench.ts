import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Core, KERNELS, kernelModel, shapeName, work } from '../bench/kernels.ts';
import { ecgModel } from '../bench/models.ts';
import { type Board, counted, loadBoard } from '../board/board.ts';
import { buildFirmware } from '../board/firmware.ts';
import { run } from '../board/process.ts';
import { Agent } from '../board/protocol.ts';
import { projectRoot } from '../board/root.ts';
import { connect } from '../board/transport.ts';
import { pack } from '../image/pack.ts';
import { anyInput } from '../residency/measure.ts';
import { Runtime } from '../runtime/runtime.ts';
import { readConfig } from '../train/config.ts';
import { CheckFailed, columns, writeBytes } from './verb.ts';

/** Emulated boards, and the column of CMSIS-NN's figures for each. */
const BOARDS: Record<string, Core> = {
  'mps2-an500': 'M7',
  'mps2-an386': 'M4',
  'mps2-an385': 'M3',
  'mps2-an385-m0': 'M0',
};
const MODELS = ['ecg-beats'];
const RESIDENCIES = ['boot', 'stream'] as const;
const TOLERANCE = 1.01;

interface KernelFigure {
  kernel: string;
  variant: string;
  weights: 'int8';
  shape: string;
  macs: number;
  instructions: number;
  perMac: number;
}

interface ModelFigure {
  model: string;
  residency: string;
  boot: number;
  perInference: number;
  arenaBytes: number;
}

interface Figures {
  board: string;
  commit: string;
  kernels: KernelFigure[];
  models: ModelFigure[];
}

export function benchVerb(program: Command): void {
  program
    .command('bench')
    .summary('instructions of every kernel on every emulated core, beside CMSIS-NN')
    .description(
      'Run a table of operator shapes and the ECG network on the emulated cores and count instructions, invoke and requantisation included. Writes bench/<board>.json.',
    )
    .option('--board <name>', `one of ${Object.keys(BOARDS).join(', ')}; default: all`)
    .option('--check', 'write nothing; fail where a figure exceeds the committed one by over 1 %')
    .addHelpText('after', '\nExamples:\n  htpw bench --board mps2-an500\n  htpw bench --check')
    .action(async (flags: { board?: string; check?: boolean }) => {
      const exceeded: string[] = [];
      for (const name of flags.board ? [flags.board] : Object.keys(BOARDS)) {
        const board = loadBoard(name);
        const figures = await measure(board);
        console.log(render(figures, BOARDS[name]));
        const path = join(projectRoot(), 'bench', `${name}.json`);
        if (flags.check) exceeded.push(...excess(figures, JSON.parse(readFileSync(path, 'utf8'))));
        else writeBytes(path, `${JSON.stringify(figures, null, 2)}\n`);
      }
      if (exceeded.length > 0) throw new CheckFailed(`slower than committed:\n  ${exceeded.join('\n  ')}`);
    });
}

async function measure(board: Board): Promise<Figures> {
  const commit = (await run('git', ['rev-parse', '--short', 'HEAD'], projectRoot())).trim();
  const figures: Figures = { board: board.name, commit, kernels: [], models: [] };
  await onBoard(board, 'kernels', pack(kernelModel(KERNELS), { tables: 'q31' }), async (agent) => {
    for (const [program, kernel] of KERNELS.entries()) {
      await agent.load(program);
      const { ticks } = await agent.run(new Uint8Array(1));
      const [instructions, macs] = [counted(board, ticks), work(kernel)];
      const perMac = Number((instructions / macs).toFixed(3));
      figures.kernels.push({
        kernel: kernel.kind,
        variant: board.variant,
        weights: 'int8',
        shape: shapeName(kernel),
        macs,
        instructions,
        perMac,
      });
    }
  });
  for (const model of MODELS) {
    const { network } = readConfig(join(projectRoot(), 'models', 'configs', `${model}.json`));
    for (const residency of RESIDENCIES) {
      const image = pack(ecgModel(network, residency));
      await onBoard(board, `${model}-${residency}`, image, async (agent) => {
        const boot = counted(board, (await agent.load(0)).ticks);
        const { inputBytes } = await agent.info();
        const { ticks } = await agent.run(anyInput(inputBytes));
        const arenaBytes = new Runtime(image).arenaBytes();
        figures.models.push({ model, residency, boot, perInference: counted(board, ticks), arenaBytes });
      });
    }
  }
  return figures;
}

async function onBoard(
  board: Board,
  name: string,
  image: Uint8Array,
  use: (agent: Agent) => Promise<void>,
): Promise<void> {
  const path = join(projectRoot(), 'build', 'bench', `${name}.htpw`);
  writeBytes(path, image);
  const firmware = await buildFirmware(board.name, path);
  const agent = new Agent(await connect(board, resolve(firmware.elf)));
  try {
    await use(agent);
  } finally {
    await agent.close();
  }
}

function render({ board, kernels, models }: Figures, core: Core): string {
  const rows = kernels.map(({ kernel, shape, instructions, perMac }, i) => {
    const theirs = KERNELS[i].cmsis[core];
    const ratio = theirs ? [theirs.toFixed(2), (perMac / theirs).toFixed(2)] : ['', ''];
    return [kernel, shape, instructions, perMac.toFixed(2), ...ratio];
  });
  const whole = models.map(({ model, residency, boot, perInference, arenaBytes }) => [
    model,
    residency,
    boot,
    perInference,
    arenaBytes,
  ]);
  return [
    `\n${board} (Cortex-${core})`,
    columns([['kernel', 'shape', 'instructions', 'per MAC', 'CMSIS-NN', 'ratio'], ...rows]),
    '',
    columns([['model', 'residency', 'boot', 'inference', 'arena'], ...whole]),
  ].join('\n');
}

/** What needs over 1 % more instructions than committed. */
function excess(now: Figures, committed: Figures): string[] {
  const before = new Map(committed.kernels.map((figure) => [`${figure.kernel} ${figure.shape}`, figure.instructions]));
  const all: [name: string, instructions: number][] = now.kernels.map((f) => [
    `${f.kernel} ${f.shape}`,
    f.instructions,
  ]);
  for (const figures of [committed, now]) {
    for (const { model, residency, boot, perInference } of figures.models) {
      for (const [name, count] of [
        [`${model} ${residency} boot`, boot],
        [`${model} ${residency} inference`, perInference],
      ] as const) {
        if (figures === committed) before.set(name, count);
        else all.push([name, count]);
      }
    }
  }
  return all.flatMap(([name, count]) => {
    const limit = before.get(name);
    return limit !== undefined && count > limit * TOLERANCE
      ? [`${now.board} ${name}: ${count}, committed ${limit}`]
      : [];
  });
}
