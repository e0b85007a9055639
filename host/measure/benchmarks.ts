/** Runs the kernels and whole networks on emulated boards and counts. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { assertSameImage } from '../agent/compare.ts';
import { connect } from '../agent/connect.ts';
import { Agent } from '../agent/protocol.ts';
import { anyInput, onBoard } from '../agent/session.ts';
import { type Board, counted, counterSeconds, loadBoard, runnableBoards } from '../boards/board.ts';
import { ALL_FEATURES, buildFirmware, type Firmware } from '../build/firmware.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { pack } from '../image/pack.ts';
import { Runtime } from '../runtime/node.ts';
import { projectRoot } from '../system/root.ts';
import { readConfig } from '../train/config.ts';
import type { NetworkConfig } from '../train/networkConfig.ts';
import type { Figures, KernelFigure, ModelFigure } from './figures.ts';
import { inFirmwares, KERNELS, type Kernel, kernelModel, shapeName, work } from './kernels.ts';
import { ecgModel } from './models.ts';
import { TOPOLOGIES } from './topologies.ts';

/** Boards on which instructions can be counted: the emulated ones, by name. */
export const countingBoards = (): string[] =>
  runnableBoards()
    .filter(({ ticks }) => ticks.unit === 'instructions')
    .map(({ name }) => name);

/** Those that bench/ has figures of. */
export const recordedBoards = (): string[] =>
  countingBoards().filter((name) => existsSync(join(projectRoot(), 'bench', `${name}.json`)));

/** Figures of the named boards, which run side by side. Needs their compilers and emulators; files go to build/. */
export function measureAll(names: readonly string[]): Promise<Figures[]> {
  const kernels = inFirmwares(KERNELS).map((some, i) => ({ some, path: kernelImage(some, `kernels-${i}`) }));
  const networks = packNetworks();
  return Promise.all(
    names.map(async (name) => {
      const board = loadBoard(name);
      const figures: Figures = {
        board: name,
        kernels: [],
        models: [],
        text: { tailoredEcg: 0, allOperators: 0 },
      };
      for (const { some, path } of kernels)
        figures.kernels.push(...(await onBoard(board, path, (agent) => kernelFigures(agent, board, some))));
      for (const network of networks) {
        const { figure, firmware } = await measureNetwork(board, network);
        figures.models.push(figure);
        if (network.model === ECG && network.residency === 'boot') figures.text.tailoredEcg = firmware.runtimeTextBytes;
      }
      const whole = await buildFirmware(name, networks[0].path, { features: ALL_FEATURES, name: 'all-operators' });
      figures.text.allOperators = whole.runtimeTextBytes;
      return figures;
    }),
  );
}

const ECG = 'ecg-beats';

interface Packed extends Pick<ModelFigure, 'model' | 'residency' | 'arenaBytes'> {
  path: string;
}

/** The ECG network with stored weights and generated ones in every residency, then MLPerf Tiny's with exact tables. */
export function packNetworks(): Packed[] {
  const config = readConfig(join(projectRoot(), 'models', 'configs', `${ECG}.json`));
  const stored: NetworkConfig = { ...config.network, methods: {} };
  const packed = (model: string, residency: ModelFigure['residency'], image: Uint8Array): Packed => ({
    model,
    residency,
    arenaBytes: new Runtime(image).arenaBytes(),
    path: placeUnderBuild(`${model}-${residency}`, image),
  });
  return [
    packed(ECG, 'flash', pack(ecgModel({ ...config, network: stored }, 'flash'))),
    ...(['boot', 'lazy', 'stream'] as const).map((residency) =>
      packed(ECG, residency, pack(ecgModel(config, residency))),
    ),
    ...TOPOLOGIES.map(({ name, build }) => packed(name, 'flash', pack(build(), { tables: 'q31' }))),
  ];
}

/**
 * What kernels take on a real board, in its own unit: cycles; those of N x 1 want a firmware of their own and are left
 * out. The board must run the firmware of the kernels' image, which is built first. Throws with the firmware to flash when it runs another.
 */
export async function measureOnPort(name: string, port: string): Promise<KernelFigure[]> {
  const board = loadBoard(name);
  const [kernels] = inFirmwares(KERNELS);
  const path = kernelImage(kernels!, 'kernels');
  const { elf } = await buildFirmware(name, path);
  const agent = new Agent(await connect(board, resolve(elf), port), { counterSeconds: counterSeconds(board) });
  try {
    assertSameImage(await agent.info(), new Uint8Array(readFileSync(path)));
    return await kernelFigures(agent, board, kernels!);
  } catch (error) {
    throw new Error(`${(error as Error).message} (firmware of the kernels: ${elf})`, { cause: error });
  } finally {
    await agent.close();
  }
}

const kernelImage = (kernels: readonly Kernel[], name: string) =>
  placeUnderBuild(name, pack(kernelModel(kernels), { tables: 'q31' }));

async function kernelFigures(agent: Agent, board: Board, kernels: readonly Kernel[]): Promise<KernelFigure[]> {
  const figures: KernelFigure[] = [];
  const runTicks = async (program: number) => {
    await agent.load(program);
    return (await agent.run(new Uint8Array(1))).ticks;
  };
  for (const [index, kernel] of kernels.entries()) {
    const once = await runTicks(2 * index);
    const instructions = counted(board, (await runTicks(2 * index + 1)) - once);
    const macs = work(kernel);
    figures.push({
      kernel: kernel.kind,
      variant: board.variant,
      weights: 'int8',
      shape: shapeName(kernel),
      macs,
      instructions,
      perMac: Number((instructions / macs).toFixed(3)),
    });
  }
  return figures;
}

async function measureNetwork(
  board: Board,
  { model, residency, arenaBytes, path }: Packed,
): Promise<{ figure: ModelFigure; firmware: Firmware }> {
  const ticks = { open: 0, boot: 0, firstInference: 0, perInference: 0 };
  const firmware = await onBoard(board, path, async (agent, built) => {
    ticks.boot = (await agent.load(0)).ticks;
    const { inputBytes, openTicks } = await agent.info();
    if (openTicks === null)
      throw new Error(`${board.name}: ${model}: the counter went round while the image was opened`);
    ticks.open = openTicks;
    ticks.firstInference = (await agent.run(anyInput(inputBytes))).ticks;
    ticks.perInference = (await agent.bench(1)).total; // the same input, which takes seconds to send
    return built;
  });
  const count = (key: keyof typeof ticks) => counted(board, ticks[key]);
  const figure: ModelFigure = {
    model,
    residency,
    open: count('open'),
    boot: count('boot'),
    firstInference: count('firstInference'),
    perInference: count('perInference'),
    arenaBytes,
  };
  return { figure, firmware };
}
