/** Runs the kernels and whole networks on emulated boards and counts. */
import { join } from 'node:path';
import { type Board, counted, loadBoard } from '../board/board.ts';
import { ALL_FEATURES, buildFirmware, type Firmware } from '../board/firmware.ts';
import { projectRoot } from '../board/root.ts';
import { anyInput, onBoard } from '../board/session.ts';
import { pack } from '../image/pack.ts';
import { Runtime } from '../runtime/runtime.ts';
import { readConfig } from '../train/config.ts';
import type { NetworkConfig } from '../train/network.ts';
import { writeBytes } from '../verbs/verb.ts';
import type { Figures, KernelFigure, ModelFigure } from './figures.ts';
import { type Core, KERNELS, kernelModel, shapeName, work } from './kernels.ts';
import { ecgModel } from './models.ts';
import { TOPOLOGIES } from './topologies.ts';

/** Emulated boards, and the core whose figures of CMSIS-NN stand beside each. */
export const BOARDS: Record<string, Core> = {
  'mps2-an500': 'M7',
  'mps2-an386': 'M4',
  'mps2-an385': 'M3',
  'mps2-an385-m0': 'M0',
};

/** Figures of the named BOARDS, which run side by side. Needs the Arm compiler and QEMU; files go to build/. */
export function measureAll(names: readonly string[]): Promise<Figures[]> {
  const kernels = imageFile('kernels', pack(kernelModel(KERNELS), { tables: 'q31' }));
  const networks = packNetworks();
  return Promise.all(
    names.map(async (name) => {
      const board = loadBoard(name);
      const figures: Figures = {
        board: name,
        kernels: await measureKernels(board, kernels),
        models: [],
        text: { tailoredEcg: 0, allOperators: 0 },
      };
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
function packNetworks(): Packed[] {
  const { network } = readConfig(join(projectRoot(), 'models', 'configs', `${ECG}.json`));
  const stored: NetworkConfig = { ...network, pointwise: 'int8', generator: null };
  const packed = (model: string, residency: ModelFigure['residency'], image: Uint8Array): Packed => ({
    model,
    residency,
    arenaBytes: new Runtime(image).arenaBytes(),
    path: imageFile(`${model}-${residency}`, image),
  });
  return [
    packed(ECG, 'flash', pack(ecgModel(stored, 'flash'))),
    ...(['boot', 'lazy', 'stream'] as const).map((residency) =>
      packed(ECG, residency, pack(ecgModel(network, residency))),
    ),
    ...TOPOLOGIES.map(({ name, build }) => packed(name, 'flash', pack(build(), { tables: 'q31' }))),
  ];
}

function imageFile(name: string, image: Uint8Array): string {
  const path = join(projectRoot(), 'build', 'bench', `${name}.htpw`);
  writeBytes(path, image);
  return path;
}

async function measureKernels(board: Board, image: string): Promise<KernelFigure[]> {
  const figures: KernelFigure[] = [];
  await onBoard(board, image, async (agent) => {
    for (const [program, kernel] of KERNELS.entries()) {
      const runTicks = async (index: number) => {
        await agent.load(index);
        return (await agent.run(new Uint8Array(1))).ticks;
      };
      const once = await runTicks(2 * program);
      const instructions = counted(board, (await runTicks(2 * program + 1)) - once);
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
  });
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
    ticks.open = openTicks!; // the agent is of this very build
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
