/** docs/api.md: what every entry of the package exports, from the declarations that the build writes for editors. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../system/root.ts';

/** Something that can be imported from an entry. */
export interface Exported {
  name: string;
  /** "hypertinypw/image": the first entry that has it */
  entry: string;
  /** what its docstring says; empty without one */
  description: string;
  /** its declaration in TypeScript, docstrings of members included */
  declaration: string;
}

/** What each entry is, in the order of the page: the root comes last, as it repeats the others. */
const ENTRIES: Record<string, string> = {
  './runtime': 'Runs images, in Node and in browsers.',
  './node': 'The runtime for Node alone, with variants by name.',
  './image': 'Makes and reads images. Runs in browsers.',
  './model': 'The types of a network, as `pack` takes it. Runs in browsers.',
  './import': 'Reads `.tflite` models. Runs in browsers.',
  './compress': 'Puts the weights of a network into fewer bytes. Runs in browsers, best in a worker.',
  './boards': 'What boards there are, and what each can do. Node only.',
  './train': 'Trains networks and exports them. Node only; needs `npm install @jax-js/jax` beside the package.',
  '.': 'Everything but training, for Node, and what judges a network and plans its residency.',
};

/** "hypertinypw/runtime" */
const nameOf = (subpath: string): string => subpath.replace('.', 'hypertinypw');

/** The exports of every entry of package.json that has types; of values only those that a program can have. */
export function exportedNames(): { entry: string; exports: Exported[] }[] {
  const root = projectRoot();
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const typed = Object.entries<{ types?: string; default: string }>(exports).filter(([, { types }]) => types);
  const undescribed = typed.map(([subpath]) => subpath).filter((subpath) => !(subpath in ENTRIES));
  if (undescribed.length > 0) throw new Error(`host/pages/api.ts says nothing of ${undescribed.join(', ')}`);
  const declared = symbolsOf(new Map(typed.map(([subpath, { types }]) => [subpath, join(root, types!)])));
  const loaded = new Map(typed.map(([subpath, to]) => [subpath, new Set(valuesOf(join(root, to.default)))]));
  const first = new Map<ts.Node, string>();
  return Object.keys(ENTRIES).map((subpath) => {
    const entry = nameOf(subpath);
    const values = loaded.get(subpath)!;
    const symbols = [...declared.get(subpath)!].filter(
      ([name, { flags }]) => !(flags & ts.SymbolFlags.Value) || values.has(name), // `export type *` of a value
    );
    return {
      entry,
      exports: symbols.map(([name, symbol]) => {
        const declarations = (symbol.declarations ?? []).map(statementOf);
        const [statement] = declarations;
        if (!statement) throw new Error(`${entry}: ${name} has no declaration`);
        if (!first.has(statement)) first.set(statement, entry);
        return {
          name,
          entry: first.get(statement)!,
          description: declarations.map(docOf).find((text) => text !== '') ?? '',
          declaration: declarations.map(textOf).join('\n'),
        };
      }),
    };
  });
}

/** What modules export, by name in the order of names, seen through what is only exported again. */
function symbolsOf(modules: ReadonlyMap<string, string>): Map<string, Map<string, ts.Symbol>> {
  const options = { noLib: true, types: [], module: ts.ModuleKind.NodeNext };
  const program = ts.createProgram([...modules.values()], options);
  const checker = program.getTypeChecker();
  return new Map(
    Array.from(modules, ([subpath, path]) => {
      const source = program.getSourceFile(path);
      const module = source && checker.getSymbolAtLocation(source);
      if (!module) throw new Error(`${path}: expected a module, got none; npm run build`);
      const symbols = checker.getExportsOfModule(module).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const original = (symbol: ts.Symbol) =>
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return [subpath, new Map(symbols.map((symbol) => [symbol.name, original(symbol)]))];
    }),
  );
}

/** Names of what a module of the build exports once it is loaded; types are not in it any more. */
function valuesOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause: names, moduleSpecifier: from } = statement;
      if (names) return ts.isNamedExports(names) ? names.elements.map(({ name }) => name.text) : [names.name.text];
      return from && ts.isStringLiteral(from) ? valuesOf(join(dirname(path), from.text)) : [];
    }
    const isExported = ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(isExportKeyword);
    if (!isExported) return [];
    const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
    return declared.flatMap((each) => {
      const name = ts.getNameOfDeclaration(each as ts.Declaration);
      return name && ts.isIdentifier(name) ? [name.text] : [];
    });
  });
}

const isExportKeyword = ({ kind }: ts.Modifier): boolean => kind === ts.SyntaxKind.ExportKeyword;

/** Of a variable the whole statement, which has its docstring. */
const statementOf = (node: ts.Declaration): ts.Node => (ts.isVariableDeclaration(node) ? node.parent.parent : node);

/** The docstring as text. */
function docOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return comment ? (ts.getTextOfJSDocComment(comment.comment) ?? '').trim() : '';
}

/** The declaration without its docstring, without what nobody outside may use, indented by two. */
function textOf(node: ts.Node): string {
  return node
    .getText()
    .replace(/^export /, '')
    .replace(/^declare /, '')
    .replace(/^(?: *\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)? *private [\s\S]*?;\n/gm, '')
    .replace(/^( {4})+/gm, (indent) => ' '.repeat(indent.length / 2));
}

/** docs/api.md */
export function apiPage(): string {
  const entries = exportedNames();
  const contents = entries.map(({ entry }) => `[\`${entry}\`](#${anchor(entry)})`);
  return `# API

The exports of the package, entry by entry, from its docstrings; \`npx htpw pages\` writes this page.
[javascript.md](javascript.md) explains how to load and run an image.

${contents.join(' · ')}

${entries.map(({ entry, exports }, i) => section(entry, Object.values(ENTRIES)[i], exports)).join('\n')}`;
}

/** As GitHub makes it of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

function section(entry: string, says: string, exports: readonly Exported[]): string {
  const others = [...new Set(exports.map((each) => each.entry))].filter((other) => other !== entry);
  const again = others.map((other) => {
    const names = exports.filter((each) => each.entry === other).map(({ name }) => `\`${name}\``);
    return `Also, of [\`${other}\`](#${anchor(other)}): ${names.join(', ')}.\n`;
  });
  const own = exports.filter((each) => each.entry === entry).map(entryOf);
  return [`## ${entry}\n\n${says}\n`, ...again, ...own].join('\n');
}

const entryOf = ({ name, description, declaration }: Exported): string =>
  `### ${name}\n\n${description}\n\n\`\`\`ts\n${declaration}\n\`\`\`\n`;
