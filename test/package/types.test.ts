/** What `hypertinypw/model` says of a model without any other entry, in the declarations that the build writes. */
import ts from 'typescript';
import { expect, it } from 'vitest';
import { OPERATORS } from '../../host/operators/registry.ts';
import { GENERATORS, SOURCES } from '../../host/sources/registry.ts';

const entry = 'dist/host/model/index.d.ts';
const program = ts.createProgram([entry], { noLib: true, types: [], module: ts.ModuleKind.NodeNext });
const checker = program.getTypeChecker();
const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!);

it.each([
  ['OperatorKinds', OPERATORS],
  ['WeightSources', SOURCES],
  ['Generators', GENERATORS],
])('the types of a model know every kind of %s', (name, registry) => {
  const type = checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === name)!);
  const kinds = checker.getPropertiesOfType(type).map((property) => property.name);
  expect(kinds.sort()).toEqual(Object.keys(registry).sort());
});
