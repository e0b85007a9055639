/**
 * What the cores of a variant do in one instruction: facts for the arithmetic below the operators. Which kernels a
 * variant has, operators/variant.ts says. Only these two files ask which variant is being compiled.
 */

/** smmlar (dsp.ts): a rounded high product, added. */
export const HAS_SMMLAR: bool = isDefined(HTPW_DSP) || isDefined(HTPW_MVE);

/** An operand that is rotated on its way into another instruction, or masked where it lies. */
export const HAS_ROTATED_OPERANDS: bool = isDefined(HTPW_DSP) || isDefined(HTPW_MVE);

/** Vectors of sixteen bytes, at any address, and only the first of them where there are fewer (mve.ts). */
export const HAS_VECTORS: bool = isDefined(HTPW_MVE);
