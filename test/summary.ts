/** What is printed after the tests: what was skipped, by name, the slowest files, and counts per project. */
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { PROJECTS } from './projects.ts';

/** So many files are named, where a run had more. */
const SLOWEST = 8;

const seconds = (module: TestModule): number => {
  const { duration, collectDuration, setupDuration } = module.diagnostic();
  return (duration + collectDuration + setupDuration) / 1000;
};

/** Passed, failed and skipped tests; a file that cannot be read, or a hook that fails, is one failed. */
function counts(modules: readonly TestModule[]): string {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const part of [module, ...module.children.allSuites()]) if (part.errors().length > 0) count.failed++;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state !== 'pending') count[state]++;
    }
  }
  return `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
}

export default class Summary implements Reporter {
  private pattern: RegExp | undefined;

  onInit({ config }: Vitest): void {
    this.pattern = config.testNamePattern;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = [...this.skipped(modules), ...this.slowest(modules), ...this.projects(modules), counts(modules)];
    console.log(`\n${lines.join('\n')}`);
  }

  /** By name, so that nobody takes them for passed ones; but for those that `-t` has left out. */
  private skipped(modules: readonly TestModule[]): string[] {
    const names = modules
      .flatMap((module) => [...module.children.allTests('skipped')].map(({ fullName }) => fullName))
      .filter((name) => !this.pattern || this.pattern.test(name.replaceAll(' > ', ' ')));
    return names.length === 0 ? [] : ['skipped:', ...names.map((name) => `  ${name}`), ''];
  }

  private slowest(modules: readonly TestModule[]): string[] {
    if (modules.length <= SLOWEST) return [];
    const first = modules.toSorted((a, b) => seconds(b) - seconds(a)).slice(0, SLOWEST);
    const line = (module: TestModule) => `${seconds(module).toFixed(1).padStart(7)} s  ${module.relativeModuleId}`;
    return ['slowest files:', ...first.map(line), ''];
  }

  private projects(modules: readonly TestModule[]): string[] {
    return PROJECTS.flatMap(({ name }) => {
      const own = modules.filter(({ project }) => project.name === name);
      if (own.length === 0) return [];
      const all = own.reduce((total, module) => total + seconds(module), 0);
      return [`${name}: ${own.length} files, ${all.toFixed(0)} s of them all, ${counts(own)}`];
    });
  }
}
