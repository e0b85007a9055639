/** What the models estimate for a call of CMSIS-NN's kernels, by the name of the shape. */

/**
 * Cycles of one call, CMSIS-NN of commit 99f736a6 compiled with -O2 by GCC 12.2, dimensions unknown to the compiler,
 * traced in the same emulator and priced by the same models. Their instructions are those of host/measure/kernels.ts.
 */
export const CMSIS_CYCLES: Record<string, { M7: number; M4: number }> = {
  'pointwise 125x64x64': { M7: 878_256, M4: 1_240_391 },
  'pointwise 64x64x64': { M7: 455_920, M4: 645_607 },
  'pointwise 16x128x128': { M7: 433_904, M4: 616_455 },
  'pointwise 36x128x256': { M7: 1_818_608, M4: 2_552_135 },
  'pointwise 20x96x96': { M7: 312_720, M4: 444_311 },
  'pointwise 40x32x64': { M7: 184_432, M4: 266_599 },
  'pointwise 9x256x256': { M7: 1_011_440, M4: 1_447_623 },
  'pointwise 2304x8x16': { M7: 1_595_504, M4: 2_287_439 },
  'depthwise 12x12x64, 3x3': { M7: 544_318, M4: 740_165 },
  'depthwise 25x5x64, 3x3': { M7: 467_226, M4: 639_014 },
  'depthwise 24x24x32, 3x3 s2': { M7: 281_454, M4: 383_645 },
  'depthwise 1x128x64, 1x5': { M7: 533_929, M4: 804_984 },
  'depthwise 28x1x40, 3x1': { M7: 58_759, M4: 88_126 },
  'depthwise 24x1x128, 5x1': { M7: 165_435, M4: 248_332 },
  'depthwise 15x1x128, 10x1': { M7: 73_433, M4: 113_246 },
  'depthwise 15x1x128, 15x1': { M7: 16_029, M4: 25_015 },
  'convolution 49x10x1, 10x4 s2, 64': { M7: 887_817, M4: 1_405_644 },
  'convolution 96x96x3, 3x3 s2, 8': { M7: 2_384_476, M4: 4_053_569 },
  'convolution 32x32x3, 3x3, 16': { M7: 1_684_164, M4: 2_717_155 },
  'convolution 32x32x16, 3x3, 16': { M7: 4_380_359, M4: 6_754_432 },
  'convolution 16x16x32, 3x3, 32': { M7: 3_655_227, M4: 5_482_924 },
  'convolution 8x8x64, 3x3, 64': { M7: 3_351_611, M4: 4_975_516 },
  'convolution 1x128x16, 1x5, 32': { M7: 637_137, M4: 951_371 },
  'convolution 32x32x16, 1x1 s2, 32': { M7: 446_058, M4: 660_798 },
  'fullyConnected 64 to 12': { M7: 1894, M4: 2890 },
  'fullyConnected 640 to 128': { M7: 142_824, M4: 197_471 },
  'fullyConnected 128 to 128': { M7: 32_238, M4: 45_946 },
  'fullyConnected 128 to 8': { M7: 2186, M4: 3232 },
  'fullyConnected 8 to 128': { M7: 6328, M4: 10_343 },
  'averagePool 25x5x64, 25x5': { M7: 42_266, M4: 75_907 },
  'add 16x16x64': { M7: 1_038_814, M4: 1_556_450 },
};
