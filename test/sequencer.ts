/**
 * Projects in the order of test/projects.ts, in which the last one has short files: two workers then end together. By
 * their names, as vitest has them, one waited for a minute while the other compiled Zephyr's library.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { PROJECTS } from './projects.ts';

const NAMES = PROJECTS.map(({ name }) => name);
const rankOf = ({ project }: TestSpecification): number => NAMES.indexOf(project.name);

export default class extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rankOf(a) - rankOf(b)); // stable
  }
}
