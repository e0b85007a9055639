/** What the recorded counts claim against CMSIS-NN and TensorFlow Lite Micro. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import type { Figures } from '../../host/measure/figures.ts';
import type { ImportedRecord } from '../../host/measure/imported.ts';
import { type Core, KERNELS, type Kernel, shapeName, work } from '../../host/measure/kernels.ts';
import { ECG_PEER, PEERS, type Peer } from '../../host/measure/peers.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';

const BOARDS = {
  M55: 'mps3-an547',
  M7: 'mps2-an500',
  M4: 'mps2-an386',
  M3: 'mps2-an385',
  M0: 'mps2-an385-m0',
} as const;

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
  'depthwise 15x1x128, 10x1': 0.61,
  'depthwise 15x1x128, 15x1': 0.75,
  convolution: 0.63,
  fullyConnected: 0.9,
  averagePool: 0.6,
  add: 0.3,
};

/** On a core with Helium, beside the MVE kernels. */
const HELIUM: Record<string, number> = {
  pointwise: 0.92,
  depthwise: 0.95,
  convolution: 1,
  fullyConnected: 0.7,
  averagePool: 0.9,
  add: 0.9,
};

const LIMITS: Record<Core, Record<string, number>> = {
  M55: HELIUM,
  M7: DSP,
  M4: DSP,
  M3: { pointwise: 0.9 },
  M0: {
    pointwise: 0.9,
    depthwise: 0.5,
    'depthwise 15x1x128, 15x1': 0.6, // one position pays for a plane there; only the dsp variant reads it in place
    convolution: 0.9,
    fullyConnected: 0.9,
    averagePool: 0.9,
    add: 0.9,
  },
};

const compared = (['M55', 'M7', 'M4', 'M3', 'M0'] as const).flatMap((core) =>
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

describe('depthwise kernels of N x 1 on a Cortex-M7', () => {
  const columns = KERNELS.filter(({ kind, input }) => kind === 'depthwise' && input[1] === 1);

  it('take at most 0.62 of the instructions of CMSIS-NN together', () => {
    const sum = (perMac: (kernel: Kernel) => number) =>
      columns.reduce((total, kernel) => total + perMac(kernel) * work(kernel), 0);
    expect(columns.length).toBe(4);
    expect(sum((kernel) => ofCmsis('M7', kernel) * kernel.cmsis.M7!) / sum(({ cmsis }) => cmsis.M7!)).toBeLessThan(
      0.62,
    );
  });
});

/** Limits beside TensorFlow Lite Micro with the MVE kernels. */
const HELIUM_NETWORKS = { kws: 0.8, vww: 0.7, ic: 0.75, ad: 0.75 } as const;
const NETWORKS = { kws: [0.6, 0.75], vww: [0.6, 0.9], ic: [0.7, 0.9], ad: [0.85, 0.9] } as const;

describe.each(TOPOLOGIES)('$description', ({ name, peer }) => {
  const figure = (core: Core) => recorded(core).models.find(({ model }) => model === name)!;
  const ratio = (core: Core) => figure(core).perInference / peer[core]!.inference;

  it('takes the part of the instructions of TensorFlow Lite Micro that was promised', () => {
    const [m7, m0] = NETWORKS[name];
    expect(ratio('M7')).toBeLessThanOrEqual(m7);
    expect(ratio('M0')).toBeLessThanOrEqual(m0);
  });

  it('takes no more instructions than with the MVE kernels on a core with Helium', () => {
    expect(ratio('M55')).toBeLessThanOrEqual(HELIUM_NETWORKS[name]);
  });

  it.each(['M55', 'M7', 'M4', 'M0'] as const)(
    'loads with under 1 %% of the instructions of AllocateTensors on %s',
    (core) => {
      expect(figure(core).boot).toBeLessThanOrEqual(0.01 * peer[core]!.startUp!);
    },
  );
});

describe('open on a Cortex-M7', () => {
  const { worst } = JSON.parse(readFileSync('bench/reliability.json', 'utf8'));
  const { images } = worst.find(({ board }: { board: string }) => board === BOARDS.M7);
  const { open, bytes } = images.find(({ image }: { image: string }) => image === 'a long weight section');

  it.each(TOPOLOGIES)('takes at most 2 instructions a byte more than the CRC for $description', ({ name, build }) => {
    const figure = recorded('M7').models.find(({ model }) => model === name)!;
    expect(figure.open / pack(build()).length).toBeLessThan(open / bytes + 2);
  });
});

describe('the trained networks of MLPerf Tiny, imported', () => {
  const { networks }: ImportedRecord = JSON.parse(readFileSync('bench/imported.json', 'utf8'));

  it.each(networks)('take less of everything than in TensorFlow Lite Micro: $network, lossless $lossless', (ours) => {
    const { flashBytes, cores } = PEERS[ours.network] as { flashBytes: number; cores: { M7: Required<Peer> } };
    expect(ours.flashBytes).toBeLessThan(flashBytes);
    expect(ours.arenaBytes).toBeLessThan(cores.M7.arenaBytes);
    expect(ours.instructions).toBeLessThan(cores.M7.inference);
  });

  it('are those that were imported with the least RAM, and coded on top of it', () => {
    expect(networks.map(({ network, lossless }) => `${network} ${lossless}`)).toEqual([
      'kws null',
      'vww null',
      'ic null',
      'ic arena',
      'ad null',
    ]);
    const [, , plain, coded] = networks;
    expect(coded.arenaBytes).toBe(plain.arenaBytes);
    expect(coded.flashBytes).toBeLessThan(plain.flashBytes);
  });
});

describe('the ECG network on a core with Helium', () => {
  it('takes fewer instructions, standardisation included, than TensorFlow Lite Micro without it', () => {
    const { perInference } = recorded('M55').models.find((figure) => figure.model === 'ecg-beats')!;
    expect(perInference).toBeLessThanOrEqual(0.85 * ECG_PEER.M55!.inference);
  });

  it('is generated in at most 0.3 of the instructions that a Cortex-M7 takes', () => {
    const [helium, dsp] = (['M55', 'M7'] as const).map(
      (core) =>
        recorded(core).models.find(({ model, residency }) => model === 'ecg-beats' && residency === 'boot')!.boot,
    );
    expect(helium).toBeLessThanOrEqual(0.3 * dsp!);
  });

  it('has at most 1.25 times the code, and so have all operators', () => {
    const [helium, dsp] = [recorded('M55').text, recorded('M7').text];
    expect(helium.tailoredEcg).toBeLessThanOrEqual(1.25 * dsp.tailoredEcg);
    expect(helium.allOperators).toBeLessThanOrEqual(1.25 * dsp.allOperators);
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
