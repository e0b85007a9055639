/** docs/api.md: what every entry of the package exports, from the declarations that the build writes for editors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** The exports of every entry of package.json that has types. */
export function exportedNames(): { entry: string; exports: Exported[] }[] {
  const root = projectRoot();
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const typed = Object.entries<{ types?: string }>(exports).filter(([, { types }]) => types);
  const undescribed = typed.map(([subpath]) => subpath).filter((subpath) => !(subpath in ENTRIES));
  if (undescribed.length > 0) throw new Error(`host/pages/api.ts says nothing of ${undescribed.join(', ')}`);
  const files = new Map(typed.map(([subpath, { types }]) => [subpath, join(root, types!)]));
  const program = ts.createProgram([...files.values()], { noLib: true, types: [], module: ts.ModuleKind.NodeNext });
  const checker = program.getTypeChecker();
  const first = new Map<ts.Node, string>();
  return Object.keys(ENTRIES).map((subpath) => {
    const entry = nameOf(subpath);
    const source = program.getSourceFile(files.get(subpath)!);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${files.get(subpath)}: expected a module, got none; npm run build`);
    const symbols = checker.getExportsOfModule(module).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return {
      entry,
      exports: symbols.map((symbol) => {
        const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        const declarations = (original.declarations ?? []).map(statementOf);
        const [declared] = declarations;
        if (!declared) throw new Error(`${entry}: ${symbol.name} has no declaration`);
        if (!first.has(declared)) first.set(declared, entry);
        return {
          name: symbol.name,
          entry: first.get(declared)!,
          description: declarations.map(docOf).find((text) => text !== '') ?? '',
          declaration: declarations.map(textOf).join('\n'),
        };
      }),
    };
  });
}

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
