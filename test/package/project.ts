/** An empty project of somebody who has installed the packed tarball, and what its modules import. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

export const root = process.cwd();

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'project-'));
  readonly installed = join(this.folder, 'node_modules', 'hypertinypw');

  /** Packs what is built, and installs it as npm does: with what it depends on, and no more. */
  install(): void {
    const npm = (...words: string[]) => runIn(this.folder, 'npm', words);
    const [{ filename }] = JSON.parse(
      runIn(root, 'npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', this.folder]),
    );
    this.write('package.json', JSON.stringify({ private: true, type: 'module' }));
    npm('install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', `./${filename}`);
    cpSync(join(root, 'models', 'ecg-beats.htpw'), join(this.folder, 'ecg-beats.htpw'));
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** What a program of its own prints. */
  node(name: string, program: string): string {
    return runIn(this.folder, process.execPath, [this.write(name, program)]);
  }

  /** Subpath to file, of what can be imported. */
  exports(): Record<string, string> {
    const { exports } = JSON.parse(readFileSync(join(this.installed, 'package.json'), 'utf8'));
    const modules = Object.entries(exports as Record<string, { default?: string }>).filter(([, to]) => to.default);
    return Object.fromEntries(modules.map(([subpath, to]) => [subpath, join(this.installed, to.default!)]));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function runIn(cwd: string, program: string, words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: expected exit code 0, got ${status}\n${stderr}`);
  return stdout;
}

export interface Imports {
  /** files that are loaded, the entry first */
  files: string[];
  /** what is imported from other packages, or from Node: name, and the file that does */
  foreign: [name: string, by: string][];
}

/** Everything that loading a module loads, dynamic imports left out. */
export function importsOf(entry: string): Imports {
  const found: Imports = { files: [entry], foreign: [] };
  for (const file of found.files) {
    // grows meanwhile
    for (const name of staticImports(file)) {
      const path = resolve(dirname(file), name);
      if (!name.startsWith('.')) found.foreign.push([name, relative(root, file)]);
      else if (!found.files.includes(path)) found.files.push(path);
    }
  }
  return found;
}

function staticImports(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    const from =
      ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : null;
    return from && ts.isStringLiteral(from) ? [from.text] : [];
  });
}
