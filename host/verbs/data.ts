/** htpw data: what data sets there are, where they lie, and how they come from their publishers. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Downloadable, download, hasAny, type State, stateOf } from '../data/download.ts';
import { folderOf } from '../data/registry.ts';
import { columns } from '../drawing/columns.ts';
import { nearest } from '../system/json.ts';
import { shownPath } from '../system/shownPath.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface DataFlags {
  root?: string;
  json?: boolean;
}

/** What a data set is on this machine. */
interface Standing {
  /** `made`: nothing to fetch; `by hand`: there is no public address to fetch it from */
  state: 'there' | 'partly there' | 'missing' | 'made' | 'by hand';
  folder: string;
}

export type ListedSet = Downloadable & {
  /** whether its recordings would be found in that folder */
  isThere(folder: string): boolean;
};

const ACTIONS = ['list', 'get', 'check'] as const;

/** `root` gives the folder that holds the data sets' own. */
export function dataVerb(sets: readonly ListedSet[], root: (given?: string) => string): (program: Command) => void {
  return (program) => {
    program
      .command('data <action> [sets...]')
      .summary('list, get or check data sets')
      .description(
        'list: the data sets, their licences, sizes and where they lie. get: fetch the files of some from their publishers; what a connection that broke has left is gone on with. check: the checksums of what is there.',
      )
      .option('--root <folder>', 'folder that holds the data sets; default: HTPW_DATA, else ../shared/data')
      .option('--json', 'machine-readable result')
      .addHelpText('after', '\nExamples:\n  htpw data list\n  htpw data get fsdd --root recordings\n  htpw data check')
      .action(async (action: string, names: string[], flags: DataFlags) => {
        const chosen = choose(sets, names);
        if (flags.root === '') throw new UsageError('--root: expected the name of a folder, got ""; for this one: .');
        const whole = ({ name }: ListedSet): string => join(root(flags.root), name);
        const found = (set: ListedSet): string => folderOf(set, root(flags.root));
        if (action === 'list') return list(chosen, found, flags.json);
        if (action === 'get') return get(namedOnly(chosen, names), whole, flags.json);
        if (action === 'check') return check(chosen, found, flags.json);
        throw new UsageError(`data: expected ${ACTIONS.join(', ')}, got "${action}"; htpw data --help has examples`);
      });
  };
}

/** Those of these names; all where there are none. */
function choose(sets: readonly ListedSet[], names: readonly string[]): ListedSet[] {
  const known = sets.map(({ name }) => name);
  return (names.length === 0 ? known : [...new Set(names)]).map((name) => {
    const set = sets.find((one) => one.name === name);
    if (set) return set;
    const near = nearest(name, known);
    const advice = near === undefined ? 'htpw data list has them all' : `did you mean ${near}?`;
    throw new UsageError(`data set "${name}": expected one of ${known.join(', ')}; ${advice}`);
  });
}

function namedOnly(chosen: ListedSet[], names: readonly string[]): ListedSet[] {
  if (names.length === 0)
    throw new UsageError('data get: expected names of data sets, got none; htpw data list has them');
  return chosen;
}

type FolderOf = (set: ListedSet) => string;

/** Data that are made are there wherever one looks. */
const isMade = (set: ListedSet, folder: string): boolean =>
  set.files.length === 0 && set.isThere(join(folder, 'no such folder'));

function standingOf(set: ListedSet, folder: string): Standing['state'] {
  const isThere = set.isThere(folder);
  if (set.files.length === 0) return isMade(set, folder) ? 'made' : isThere ? 'there' : 'by hand';
  return isThere ? 'there' : hasAny(set, folder) ? 'partly there' : 'missing';
}

function list(sets: readonly ListedSet[], folder: FolderOf, json?: boolean): void {
  const listed = sets.map((set) => ({
    name: set.name,
    title: set.title,
    licence: set.licence,
    citation: set.citation,
    bytes: bytesOf(set),
    folder: folder(set),
    state: standingOf(set, folder(set)),
  }));
  const rows = listed.map(({ name, title, licence, bytes, state, folder }) => [
    name,
    title,
    licence,
    bytes === 0 ? '' : sizeText(bytes),
    state === 'there' ? `there: ${shownPath(folder)}` : state,
  ]);
  print(json, listed, () => columns([['data set', 'title', 'licence', 'size', 'state'], ...rows]));
}

const bytesOf = ({ files }: ListedSet): number => files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);

const sizeText = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

async function get(sets: readonly ListedSet[], folder: FolderOf, json?: boolean): Promise<void> {
  for (const set of sets)
    if (set.files.length === 0)
      throw new UsageError(
        isMade(set, folder(set))
          ? `data set ${set.name}: is made, so there is nothing to get; use it as it is`
          : `data set ${set.name}: has no public address here; ask for it (${set.citation}) and bring it to ${shownPath(folder(set))}`,
      );
  const got: { set: string; path: string; bytes: number; how: 'there' | 'fetched' }[] = [];
  for (const set of sets) {
    for (const file of set.files) {
      const how = await withProgress(`${set.name} ${file.path}`, (report) => download(file, folder(set), report));
      const path = join(folder(set), file.path);
      got.push({ set: set.name, path, bytes: statSync(path).size, how });
    }
  }
  const lines = got.map(({ path, bytes, how }) => `${shownPath(path)}: ${how}, ${sizeText(bytes)}`);
  const terms = sets.map(({ name, licence, citation }) => `${name}: ${licence}; cite ${citation}`);
  print(json, got, () => [...lines, ...terms].join('\n'));
}

const BAD: readonly State[] = ['missing', 'wrong size', 'wrong checksum'];

async function check(sets: readonly ListedSet[], folder: FolderOf, json?: boolean): Promise<void> {
  const checked: { set: string; path: string; state: State }[] = [];
  const present = sets.filter((set) => hasAny(set, folder(set)));
  for (const set of present)
    for (const file of set.files)
      checked.push({ set: set.name, path: join(folder(set), file.path), state: await stateOf(file, folder(set)) });
  const lines = checked.map(({ path, state }) => `${shownPath(path)}: ${state}`);
  const bad = checked.filter(({ state }) => BAD.includes(state));
  print(json, checked, () => (lines.length > 0 ? lines.join('\n') : 'no official file of these data sets is there'));
  if (bad.length > 0)
    throw new CheckFailed(
      `${bad.length} of ${checked.length} files are not good; remove them and htpw data get them again`,
    );
}
