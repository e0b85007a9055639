/** How the tests run; test/projects.ts says which file belongs to which project. */
import { defineConfig } from 'vitest/config';
import { PROJECTS } from './test/projects.ts';
import Sequencer from './test/sequencer.ts';

export default defineConfig({
  test: {
    projects: PROJECTS.map((project) => ({ test: { ...project, testTimeout: 120_000 } })),
    globalSetup: ['test/setup.ts'],
    reporters: ['default', './test/summary.ts'],
    // two cores: emulators and compilers run beside the tests
    maxWorkers: 2,
    sequence: { sequencer: Sequencer },
  },
});
