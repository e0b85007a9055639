/** What the recorded counts claim against CMSIS-NN and TensorFlow Lite Micro, and that README.md says the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import type { Figures } from '../../host/measure/figures.ts';
import { type Core, KERNELS, type Kernel, shapeName } from '../../host/measure/kernels.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import { htpw } from '../cli/command.ts';

const BOARDS = { M7: 'mps2-an500', M4: 'mps2-an386', M3: 'mps2-an385', M0: 'mps2-an385-m0' } as const;

function recorded(core: Core): Figures {
  return JSON.parse(readFileSync(`bench/${BOARDS[core]}.json`, 'utf8'));
}

/** Instructions of a kernel as a part of CMSIS-NN's. */
function ofCmsis(core: Core, kernel: Kernel): number {
  const shape = shapeName(kernel);
  const figure = recorded(core).kernels.find((known) => known.kernel === kernel.kind && known.shape === shape)!;
  return figure.perMac / kernel.cmsis[core]!;
}

/** Limits on cores with the DSP extension: for all of a kind, and for single shapes. */
const DSP: Record<string, number> = {
  pointwise: 0.66,
  depthwise: 0.6,
  'depthwise 1x128x64, 1x5': 0.3,
  convolution: 0.63,
  fullyConnected: 0.9,
  averagePool: 0.6,
  add: 0.3,
};

const LIMITS: Record<Core, Record<string, number>> = {
  M7: DSP,
  M4: DSP,
  M3: { pointwise: 0.9 },
  M0: {
    pointwise: 0.9,
    depthwise: 0.5,
    convolution: 0.9,
    fullyConnected: 0.9,
    averagePool: 0.9,
    add: 0.9,
  },
};

const compared = (['M7', 'M4', 'M3', 'M0'] as const).flatMap((core) =>
  KERNELS.filter(({ cmsis }) => cmsis[core]).map((kernel) => {
    const shape = `${kernel.kind} ${shapeName(kernel)}`;
    return { core, shape, limit: LIMITS[core][shape] ?? LIMITS[core][kernel.kind], kernel };
  }),
);

describe('the kernels', () => {
  it('are all known by the names that have limits of their own', () => {
    const known = new Set<string>(compared.flatMap(({ shape, kernel }) => [shape, kernel.kind]));
    expect(
      Object.values(LIMITS)
        .flatMap(Object.keys)
        .filter((name) => !known.has(name)),
    ).toEqual([]);
  });

  it.each(compared)(
    '$shape on $core takes at most $limit of the instructions of CMSIS-NN',
    ({ core, kernel, limit }) => {
      expect(ofCmsis(core, kernel)).toBeLessThanOrEqual(limit);
    },
  );
});

const NETWORKS = { kws: [0.6, 0.75], vww: [0.6, 0.9], ic: [0.7, 0.9], ad: [0.85, 0.9] } as const;

describe.each(TOPOLOGIES)('$description', ({ name, description, peer }) => {
  const figure = (core: Core) => recorded(core).models.find(({ model }) => model === name)!;
  const ratio = (core: Core) => figure(core).perInference / peer[core]!.inference;

  it('takes the part of the instructions of TensorFlow Lite Micro that was promised', () => {
    const [m7, m0] = NETWORKS[name];
    expect(ratio('M7')).toBeLessThanOrEqual(m7);
    expect(ratio('M0')).toBeLessThanOrEqual(m0);
  });

  it.each(['M7', 'M4', 'M0'] as const)('loads with under 1 %% of the instructions of AllocateTensors on %s', (core) => {
    expect(figure(core).boot).toBeLessThanOrEqual(0.01 * peer[core]!.startUp!);
  });

  it('stands in README.md with what is recorded', () => {
    const [m7, m0] = [figure('M7'), figure('M0')];
    const cells = [
      description,
      m7.perInference,
      ratio('M7').toFixed(2),
      m0.perInference,
      ratio('M0').toFixed(2),
      m7.arenaBytes,
      (m7.arenaBytes / peer.M7!.arenaBytes!).toFixed(2),
    ].map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell));
    expect(readFileSync('README.md', 'utf8')).toContain(`| ${cells.join(' | ')} |`);
  });
});

describe('README.md', () => {
  const readme = readFileSync('README.md', 'utf8');
  const number = (value: number) => value.toLocaleString('en-US');

  it('has the recorded size of code', () => {
    expect(readme).toContain(`Code on a Cortex-M7: ${number(recorded('M7').text.tailoredEcg)} bytes for`);
  });

  it('has what open takes: for the CRC, at most 2 a byte more for the rest, and for keyword spotting', () => {
    const [, crc, rest, kws] =
      /Cortex-M7 ([\d.]+) instructions a byte for the CRC and up to (\d) more for the rest, ([\d,]+) in all for keyword/.exec(
        readme,
      )!;
    const { worst } = JSON.parse(readFileSync('bench/reliability.json', 'utf8'));
    const { images } = worst.find(({ board }: { board: string }) => board === BOARDS.M7);
    const long = images.find(({ image }: { image: string }) => image === 'a long weight section');
    expect(crc).toBe((long.open / long.bytes).toFixed(1));
    for (const { name, build } of TOPOLOGIES) {
      const { open } = recorded('M7').models.find(({ model }) => model === name)!;
      expect(open / pack(build()).length).toBeLessThan(Number(crc) + Number(rest));
      if (name === 'kws') expect(number(open)).toBe(kws);
    }
  });

  it('shows an image as htpw inspect prints it', async () => {
    const { out } = await htpw('inspect', 'models/ecg-beats.htpw');
    expect(readme).toContain(`\n${out.split('\n\n')[0]}\n`);
  });
});

describe('the ECG network on a Cortex-M7', () => {
  const of = (residency: string) =>
    recorded('M7').models.find((figure) => figure.model === 'ecg-beats' && figure.residency === residency)!;

  it('runs generated weights as fast as stored ones, within 1 %', () => {
    expect(of('boot').perInference).toBeLessThanOrEqual(1.01 * of('flash').perInference);
  });

  it('generates them at boot in less than half an inference', () => {
    expect(of('boot').boot).toBeLessThanOrEqual(0.5 * of('boot').perInference);
  });

  it('streams in at most 1.3 times a cached inference, in a third of the RAM', () => {
    expect(of('stream').perInference).toBeLessThanOrEqual(1.3 * of('boot').perInference);
    expect(of('stream').arenaBytes).toBeLessThanOrEqual(of('boot').arenaBytes / 3);
  });
});
