/** What `htpw bench` measures on one board, as bench/<board>.json records it, and what must not grow. */

/** Instructions of one operator, its requantisation and the invoke around it included. */
export interface KernelFigure {
  kernel: string;
  variant: string;
  weights: 'int8';
  shape: string;
  macs: number;
  instructions: number;
  perMac: number;
}

/** Instructions of a whole network. */
export interface ModelFigure {
  model: string;
  /** of the weights that the network may generate; "flash": all are stored */
  residency: 'flash' | 'boot' | 'lazy' | 'stream';
  /** proving the image */
  open: number;
  /** loading: tables, and weights that are generated at boot */
  boot: number;
  /** with the generation of lazy weights */
  firstInference: number;
  /** the second, as all later ones */
  perInference: number;
  arenaBytes: number;
}

/** Bytes of the runtime's code and constants. */
export interface TextFigure {
  /** what the ECG network uses */
  tailoredEcg: number;
  /** every operator, encoding and source */
  allOperators: number;
}

export interface Figures {
  board: string;
  kernels: KernelFigure[];
  models: ModelFigure[];
  text: TextFigure;
}

/** How far a count may lie above the recorded one; bytes of code may not at all. */
const TOLERANCE = 1.01;

/**
 * Every figure that exceeds the recorded one, as a line of text. A figure that only one side has is one, too: nothing
 * holds it.
 */
export function excess(now: Figures, recorded: Figures): string[] {
  const [found, limits] = [counts(now), counts(recorded)];
  const grown = [...found].flatMap(([name, { count, tolerance }]) => {
    const limit = limits.get(name)?.count;
    if (limit === undefined) return [`${name}: ${count}, not recorded; run htpw bench`];
    return count > limit * tolerance ? [`${name}: ${count}, recorded ${limit}`] : [];
  });
  const gone = [...limits.keys()].filter((name) => !found.has(name));
  return [...grown, ...gone.map((name) => `${name}: recorded, no longer measured; run htpw bench`)].map(
    (line) => `${now.board} ${line}`,
  );
}

type Counts = Map<string, { count: number; tolerance: number }>;

function counts({ kernels, models, text }: Figures): Counts {
  const all: Counts = new Map();
  for (const { kernel, shape, instructions } of kernels)
    all.set(`${kernel} ${shape}`, { count: instructions, tolerance: TOLERANCE });
  for (const figure of models) {
    for (const key of ['open', 'boot', 'firstInference', 'perInference', 'arenaBytes'] as const)
      all.set(`${figure.model} ${figure.residency} ${key}`, { count: figure[key], tolerance: TOLERANCE });
  }
  for (const [key, count] of Object.entries(text ?? {})) all.set(`text ${key}`, { count, tolerance: 1 });
  return all;
}
