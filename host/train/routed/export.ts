/**
 * From a checkpoint of selector and classifiers to one program: front end, selector, a route by its scores, and a
 * branch for every classifier, all of which write the same output.
 */
import { metadataOf } from '../../image/programs.ts';
import type { Model, Operator, Tensor } from '../../model/model.ts';
import { windowTensor } from '../../task/frontEnds/frontEnd.ts';
import { classNamesOf, frontEndOf } from '../../task/task.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { ExportConfig } from '../config.ts';
import { describeProgram, Exported, parametersOf } from '../exported.ts';
import type { Sources } from '../methods/method.ts';
import { type RoutedSpecs, routedSpecs } from '../network.ts';
import type { RouteConfig } from '../networkConfig.ts';
import { startArrays } from '../start.ts';

/** The checkpoint holds what tensorShapes lists of every network. Throws where a folded bias does not fit. */
export async function exportRouted(
  checkpoint: Checkpoint,
  config: ExportConfig & { route: RouteConfig },
): Promise<Model> {
  await startArrays();
  const { task, name, route } = config;
  const labels = classNamesOf(task);
  const frontEnd = frontEndOf(task).operators(windowTensor(task.input));
  const { selector, branches } = routedSpecs(route, frontEndOf(task).output.shape, labels.length);
  const parameters = parametersOf(checkpoint);
  const sources: Sources = { list: [...frontEnd.sources], generators: [], of: new Map() };
  for (const method of methodsOf({ selector, branches })) method.export(parameters, sources);
  const tensors: Tensor[] = [...frontEnd.tensors];
  const operators: Operator[] = [...frontEnd.operators];
  const start = tensors.length - 1;
  const context = { checkpoint, parameters, sources, tensors, operators, start };
  const first = new Exported(selector, { ...context, answers: { name: 'scores', tensor: null } });
  first.addAll();
  const [scores, picked] = [tensors.length - 1, tensors.length];
  tensors.push({ name: 'branch', shape: [1, 1, 1], type: 'i8', scale: 1, zeroPoint: 0 });
  const route0: Operator = { kind: 'route', name: 'route', input: scores, output: picked, branches: [] };
  operators.push(route0);
  let output: number | null = null;
  route0.branches = branches.map((spec) => {
    const before = operators.length;
    const branch = new Exported(spec, { ...context, lender: first, answers: { name: 'logits', tensor: output } });
    output = branch.addAll();
    return operators.length - before;
  });
  for (const array of Object.values(parameters)) array.dispose();
  const program = { name, tensors, operators, inputs: [0], outputs: [output!] };
  const metadata = metadataOf([describeProgram(config, labels)], name);
  return { programs: [program], sources: sources.list, generators: sources.generators, metadata };
}

/** All that hold weights, each once. */
const methodsOf = ({ selector, branches }: RoutedSpecs) => [
  ...selector.shared,
  ...(branches[0]?.shared ?? []),
  ...[selector, ...branches].flatMap(({ alone }) => [...alone.values()]),
];
