/** What buffers an image needs, asked from the runtime itself: the firmware reserves exactly these. */
import { Runtime } from '../runtime/runtime.ts';

/** Each is the largest of any program, in bytes. */
export interface ImageNeeds {
  arenaBytes: number;
  inputBytes: number;
  outputBytes: number;
}

/** Throws when the runtime refuses the image. */
export function measureImage(image: Uint8Array): ImageNeeds {
  const runtime = new Runtime(image);
  const most = (bytes: (program: number) => number) =>
    Math.max(...Array.from({ length: runtime.programs }, (_, program) => bytes(program)));
  return {
    arenaBytes: most((program) => runtime.arenaBytes(program)),
    inputBytes: most((program) => runtime.inputBytes(program)),
    outputBytes: most((program) => runtime.outputBytes(program)),
  };
}
