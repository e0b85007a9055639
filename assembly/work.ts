/**
 * How long a program takes at most, from its records alone: the bound that `open` holds it to and that a watchdog is set by.
 *
 * A unit is WORK_UNIT multiply-accumulates of a large layer, or anything else that takes no longer. The factors below were
 * chosen so that no program known takes more instructions a unit than docs/reliability.md says, whatever its shapes; so
 * they are generous for most. Every weight that is not read in place counts as made once, which `load` and the first
 * `invoke` do at most.
 */

import * as F from './format.ts';
import {
  isKind,
  isWeighted,
  operatorAt,
  operatorCount,
  operatorInput,
  operatorKind,
  operatorOutput,
  operatorResidency,
  portBytes,
  portCount,
  sectionAt,
  sourceAt,
  sourceRowLength,
  tensorAt,
  tensorBytes,
  tensorChannels,
  tensorHeight,
  tensorPositions,
  tensorWidth,
} from './image.ts';
import { workOfOperator } from './operators/dispatch.ts';
import { planeRowBytes } from './scratch.ts';
import { workOfSource } from './weights/dispatch.ts';

/** Units that neither `load` nor `invoke` of a program exceeds. */
export function programWork(image: usize, program: usize): u64 {
  const ports = portCount(program);
  let units: u64 = 8 * ports + (portBytes(program, 0, ports) >> 2);
  const operators = operatorCount(program);
  for (let i: u32 = 0; i < operators; i++) units += operatorUnits(image, program, operatorAt(program, i));
  return units;
}

/** What one run of an operator takes, the making of its weights included; no product of proved sizes leaves its type. */
function operatorUnits(image: usize, program: usize, operator: usize): u64 {
  const kind = operatorKind(operator);
  const input = tensorAt(program, operatorInput(operator));
  const output = tensorAt(program, operatorOutput(operator));
  const positions = tensorPositions(output);
  const channels = tensorChannels(output);
  const kernelHeight = <u32>load<u16>(operator, F.OPERATOR_KERNEL_HEIGHT_AT);
  const kernelWidth = <u32>load<u16>(operator, F.OPERATOR_KERNEL_WIDTH_AT);
  if (!isWeighted(kind)) {
    // 1 but for pools
    const window = min(kernelHeight, tensorHeight(input)) * min(kernelWidth, tensorWidth(input));
    const parameters = sectionAt(image, F.SECTION_TABLES) + load<u32>(operator, F.OPERATOR_TABLE_AT);
    const elements = 4 * tensorBytes(input) + <u64>positions * (channels + 4) * (1 + (window >> 2));
    return 32 + elements + workOfOperator(kind, parameters, input, output);
  }
  const source = sourceAt(sectionAt(image, F.SECTION_SOURCES), <u32>load<u16>(operator, F.OPERATOR_SOURCE_AT));
  const making =
    operatorResidency(operator) == F.RESIDENCY_FLASH
      ? 32
      : workOfSource(source, sectionAt(image, F.SECTION_GENERATORS));
  if (!isKind(kind, F.DEPTHWISE))
    return (
      making +
      <u64>(positions + 1) * ((channels + 2) * ((sourceRowLength(source) + 31) / F.WORK_UNIT) + 2 * kernelHeight)
    );
  // rows of a plane, of which as many are made anew for each band as the kernel is high, and the products over them
  const rows = tensorHeight(output) * (kernelHeight + <u32>load<u8>(operator, F.OPERATOR_STRIDE_HEIGHT_AT));
  const strideWidth = <u32>load<u8>(operator, F.OPERATOR_STRIDE_WIDTH_AT);
  const row = planeRowBytes(tensorWidth(output), kernelWidth, strideWidth) >> 3;
  return making + <u64>channels * (4 + <u64>rows * (row * (1 + (kernelWidth >> 1))));
}
