/**
 * What TensorFlow Lite Micro with CMSIS-NN needs for networks that this project runs too: one place for all
 * comparisons.
 */
import type { Core } from './kernels.ts';

/** On one core, measured in the same emulator; what is left out was not measured. */
export interface Peer {
  /** instructions, of Invoke and of AllocateTensors */
  inference: number;
  startUp?: number;
  /** bytes of the arena that are used */
  arenaBytes?: number;
}

export interface PeerNetwork {
  /** the whole firmware with the model in it, on a Cortex-M7 */
  flashBytes: number;
  cores: Partial<Record<Core, Peer>>;
}

const peer = (inference: number, startUp?: number, arenaBytes?: number): Peer => ({ inference, startUp, arenaBytes });

/**
 * TensorFlow Lite Micro of commit 90b983c2, CMSIS-NN of commit 4ab83cc3; on the M55 with the MVE kernels of CMSIS-NN
 * 99f736a6, CMSIS 7f62ddc8, flatbuffers v25.9.23 with TensorFlow Lite Micro's own patch, gemmlowp 16e8662c and ruy
 * 2af88863, all in its release configuration: GCC 12.2, kernels and CMSIS-NN -O2, the rest -Os, kernels for speed,
 * operators for INT8 alone, newlib-nano.
 */
export const PEERS = {
  kws: {
    flashBytes: 105_104,
    cores: {
      M55: peer(1_814_581, 265_511, 27_348),
      M7: peer(7.64e6, 259_771, 22_820),
      M4: peer(7.7e6, 788_672),
      M0: peer(29.0e6, 1_576_119, 22_820),
    },
  },
  ic: {
    flashBytes: 147_688,
    cores: {
      M55: peer(4_910_449, 222_454, 55_028),
      M7: peer(30.02e6, 222_748, 54_996),
      M4: peer(29.86e6, 539_506),
      M0: peer(97.6e6, 1_054_212, 54_980),
    },
  },
  vww: {
    flashBytes: 384_456,
    cores: {
      M55: peer(6_557_962, 1_055_782, 100_772),
      M7: peer(24.03e6, 1_017_543, 100_708),
      M4: peer(24.1e6, 3_520_711),
      M0: peer(86.9e6, 7_068_446, 100_708),
    },
  },
  ad: {
    flashBytes: 301_992,
    cores: {
      M55: peer(149_939, 202_755, 9_268),
      M7: peer(0.583e6, 66_156, 2_580),
      M4: peer(0.583e6, 83_125),
      M0: peer(1.763e6, 143_309, 2_580),
    },
  },
  personDetection: { flashBytes: 341_864, cores: { M7: peer(22.72e6, undefined, 82_308) } },
} satisfies Record<string, PeerNetwork>;

/**
 * The ECG network with stored weights, written as a .tflite file of its convolutions, pool and fully connected layer:
 * an INT8 input in place of the samples, whose standardisation TensorFlow Lite Micro has no operator for.
 */
export const ECG_PEER: Partial<Record<Core, Peer>> = { M55: peer(740_062, 330_388, 18_644) };
