/** The runtime in Node: variants by name, read from dist/runtime where they were built. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instantiateSync } from '@assemblyscript/loader';
import { projectRoot } from '../system/root.ts';
import { type Exports, Runtime as RuntimeOf } from './runtime.ts';
import { PORTABLE, VARIANT_NAMES, type VariantName } from './variants.ts';

export type { Classification, RuntimeInput } from './runtime.ts';
export { VARIANT_NAMES, type VariantName } from './variants.ts';

/** As that of runtime.ts, of a variant that is named. All give the same answers; FASTEST is that here. */
export class Runtime extends RuntimeOf {
  /** Throws StatusError when `open` refuses the image, RangeError for a variant that there is not. */
  constructor(image: Uint8Array, variant: VariantName = PORTABLE) {
    super(image, instantiate(variant));
  }
}

/** A fresh instance of a built variant. */
export function instantiate(variant: VariantName): Exports {
  return instantiateSync<Exports>(moduleOf(variant), {}).exports;
}

const modules = new Map<string, WebAssembly.Module>();

/** A built variant, compiled once. */
export function moduleOf(variant: VariantName): WebAssembly.Module {
  if (!VARIANT_NAMES.includes(variant))
    throw new RangeError(`Runtime: variant: expected one of ${VARIANT_NAMES.join(', ')}, got ${String(variant)}`);
  let module = modules.get(variant);
  if (!module) {
    const path = join(projectRoot(), 'dist', 'runtime', `htpw.${variant}.node.wasm`);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(readFileSync(path));
    } catch {
      throw new Error(`runtime variant "${variant}" is not built: expected ${path}; run npm run build`);
    }
    module = new WebAssembly.Module(bytes);
    modules.set(variant, module);
  }
  return module;
}
