/**
 * The projects of vitest, by folder, so that a new file falls into the right one: what runs in WebAssembly alone, what
 * needs a compiler, an emulator or Zephyr's build files, and the rest.
 */

/** Files that need a compiler although their folder does not. */
const ON_BOARDS = [
  'test/**/board.test.ts',
  'test/cli/package.test.ts',
  'test/docs/ownData.test.ts',
  'test/docs/workshop.test.ts',
  'test/cli/programs.test.ts',
  'test/docs/readme.test.ts',
  'test/import/goldenVerb.test.ts',
];

const under = (...folders: string[]): string[] => folders.map((folder) => `test/${folder}/**/*.test.ts`);

const DEVICE = under('runtime', 'image', 'reference', 'arithmetic', 'layout');
const BOARDS = [
  ...ON_BOARDS,
  ...under('boards', 'build', 'cores', 'agent', 'clib', 'measure'),
  ...under('models', 'pages', 'reliability'),
];
const ZEPHYR = under('zephyr');

export interface Project {
  name: string;
  include: string[];
  exclude?: string[];
}

/** Each file of test/ belongs to exactly one (test/projects.test.ts); in the order in which they run. */
export const PROJECTS: readonly Project[] = [
  { name: 'zephyr', include: ZEPHYR, exclude: ON_BOARDS },
  { name: 'boards', include: BOARDS },
  { name: 'device', include: DEVICE, exclude: ON_BOARDS },
  { name: 'host', include: ['test/**/*.test.ts'], exclude: [...DEVICE, ...BOARDS, ...ZEPHYR] },
];
