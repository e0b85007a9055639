/** From a checkpoint to the integer model that the packer writes: a program for each network, or one for a route. */
import { metadataOf } from '../image/programs.ts';
import type { Generator, Model, Program } from '../model/model.ts';
import { type FrontEndProgram, windowTensor } from '../task/frontEnds/frontEnd.ts';
import { frontEndOf, classNamesOf as taskClasses } from '../task/task.ts';
import type { Parameters } from './arrays.ts';
import { type Checkpoint, classNamesOf } from './checkpoint.ts';
import type { ExportConfig, JointConfig } from './config.ts';
import { describeProgram, Exported, parametersOf } from './exported.ts';
import type { Sources } from './methods/method.ts';
import { type NetworkSpec, specOf, specsOf } from './network.ts';
import { exportRouted } from './routed/export.ts';
import { startArrays } from './start.ts';

/** The checkpoint holds what tensorShapes lists, and its class names. Throws where a folded bias does not fit. */
export async function exportModel(checkpoint: Checkpoint, config: ExportConfig): Promise<Model> {
  await startArrays();
  if (config.route) return exportRouted(checkpoint, { ...config, route: config.route });
  const labels = classNamesOf(checkpoint);
  return exportNetworks(checkpoint, [{ config, spec: specOf(config, labels.length), labels }], config.name, []);
}

/** The same of networks that were trained together, on no basis of an image; classes are those of their tasks. */
export async function exportTogether(checkpoint: Checkpoint, { name, programs }: JointConfig): Promise<Model> {
  await startArrays();
  const specs = specsOf(programs);
  const parts = programs.map((config, i) => ({ config, spec: specs[i]!, labels: taskClasses(config.task) }));
  return exportNetworks(checkpoint, parts, name, []);
}

/** A network of a checkpoint, and the names of its classes. */
interface Part {
  config: ExportConfig;
  spec: NetworkSpec;
  labels: string[];
}

/** A program for each network; `installed` are generators that are there already, at their places. */
export function exportNetworks(
  checkpoint: Checkpoint,
  parts: readonly Part[],
  name: string,
  installed: readonly Generator[],
): Model {
  const parameters = parametersOf(checkpoint);
  const frontEnds = parts.map(({ config: { task } }) => frontEndOf(task).operators(windowTensor(task.input)));
  const sources: Sources = {
    list: frontEnds.flatMap((frontEnd) => frontEnd.sources),
    generators: [...installed],
    of: new Map(),
  };
  const methods = [...(parts[0]?.spec.shared ?? []), ...parts.flatMap(({ spec }) => [...spec.alone.values()])];
  for (const method of methods) method.export(parameters, sources);
  let first = 0; // of a front end's sources
  const programs = parts.map((part, i) => {
    const frontEnd = shifted(frontEnds[i], first);
    first += frontEnd.sources.length;
    return programOf(checkpoint, parameters, part, frontEnd, sources);
  });
  for (const array of Object.values(parameters)) array.dispose();
  const metadata = metadataOf(
    parts.map(({ config, labels }) => describeProgram(config, labels)),
    name,
  );
  return { programs, sources: sources.list, generators: sources.generators, metadata };
}

/** A front end whose sources are from `first` on among those of the model. */
function shifted({ tensors, operators, sources }: FrontEndProgram, first: number): FrontEndProgram {
  const moved = operators.map((operator) =>
    'source' in operator ? { ...operator, source: operator.source + first } : operator,
  );
  return { tensors, operators: moved, sources };
}

function programOf(
  checkpoint: Checkpoint,
  parameters: Parameters,
  { config: { name }, spec }: Part,
  frontEnd: FrontEndProgram,
  sources: Sources,
): Program {
  const [tensors, operators] = [[...frontEnd.tensors], [...frontEnd.operators]];
  const start = tensors.length - 1;
  const answers = { name: 'logits', tensor: null };
  new Exported(spec, { checkpoint, parameters, sources, tensors, operators, start, answers }).addAll();
  return { name, tensors, operators, inputs: [0], outputs: [tensors.length - 1] };
}
