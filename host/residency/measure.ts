/** What each operator of an image costs under each residency: measured on an emulated board, not modelled. */

import type { Agent } from '../agent/protocol.ts';
import type { Profile } from '../agent/reply.ts';
import { anyInput, onBoard } from '../agent/session.ts';
import { type Board, counted } from '../boards/board.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { featuresOf } from '../build/requirements.ts';
import { mostBranches, takingBranch } from '../image/branches.ts';
import { ImageError, ImageView, type ProgramView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';

/** Instructions of one program as an image has its layers resident; of its branches the mean, as if all came as often. */
export interface ProgramCosts {
  /** of load, all in all */
  boot: number;
  /** of an inference after the first, all in all and not traced */
  steady: number;
  /** of the first inference, which makes lazy weights */
  first: number;
  /** per operator; of one in a branch its share: its cost, divided by the number of branches */
  operators: OperatorCost[];
  /** of an inference that takes each branch; none where all operators always run */
  branches: BranchCost[];
}

interface OperatorCost {
  boot: number;
  steady: number;
  first: number;
}

/** Instructions of an inference, after the first, that takes a branch of a route, and of the most expensive of others. */
export interface BranchCost {
  route: number;
  branch: number;
  steady: number;
}

/** What a board counts of one program that takes certain branches. */
interface Run {
  load: number;
  profile: Profile;
}

/**
 * Builds the firmware of `imagePath`, runs it on an emulated board and counts; `stackUsed` in bytes, of a load and an
 * inference, without what profiling takes. `features`: what the runtime keeps, if not just what the image needs. Throws
 * when the image does not fit the emulated board.
 */
export async function measureCosts(
  imagePath: string,
  view: ImageView,
  board: Board,
  features?: bigint,
): Promise<{ programs: ProgramCosts[]; stackUsed: number }> {
  const indices = [...view.programs.keys()];
  const count = async (agent: Agent) => {
    for (const program of indices) await loadAndRun(agent, view.bytes, program);
    const { stackUsed } = await agent.info();
    const runs: Run[] = [];
    for (const program of indices) runs.push(await profiled(agent, view.bytes, program));
    return { runs, stackUsed };
  };
  const { runs, stackUsed } = await onBoard(board, imagePath, count, { features });
  const programs: ProgramCosts[] = [];
  for (const [program, run] of runs.entries()) {
    const all = await runsOfBranches(imagePath, view, program, board, features);
    programs.push(costs(board, all.length > 0 ? all : [run], view.programs[program]));
  }
  return { programs, stackUsed };
}

/** Of a program with routes a run for each branch, of images that take it; none without. */
async function runsOfBranches(
  imagePath: string,
  view: ImageView,
  program: number,
  board: Board,
  features = featuresOf(view),
): Promise<Run[]> {
  const runs: Run[] = [];
  for (let branch = 0; branch < mostBranches(view, program); branch++) {
    const image = takingBranch(view.bytes, program, branch);
    const path = placeUnderBuild(`${imagePath}-branch-${branch}`, image);
    const options = { features: features | featuresOf(new ImageView(image)) };
    runs.push(await onBoard(board, path, (agent) => profiled(agent, image, program), options));
  }
  return runs;
}

async function profiled(agent: Agent, image: Uint8Array, program: number): Promise<Run> {
  return { load: await loadAndRun(agent, image, program), profile: await agent.profile() };
}

/** Ticks of the load. What is counted must have answered as it does in Node, or else the count is of something else. */
async function loadAndRun(agent: Agent, image: Uint8Array, program: number): Promise<number> {
  const { ticks } = await agent.load(program);
  const { inputBytes } = await agent.info();
  const input = anyInput(inputBytes);
  const { output } = await agent.run(input);
  const expected = answerOf(image, program, input);
  if (Buffer.compare(output, expected) !== 0)
    throw new Error(
      `program ${program}: expected ${hex(expected)} from the board as from WebAssembly, got ${hex(output)}; ` +
        'htpw verify says which operator',
    );
  return ticks;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 16)).toString('hex');

function answerOf(image: Uint8Array, program: number, input: Uint8Array): Uint8Array {
  const runtime = new Runtime(image, FASTEST).load(program);
  const sizes = runtime.inputs.map(({ bytes }) => bytes);
  const firstOf = (port: number): number => sizes.slice(0, port).reduce((sum, bytes) => sum + bytes, 0);
  return runtime.run(sizes.map((bytes, port) => input.slice(firstOf(port), firstOf(port) + bytes)));
}

/** From runs that take every branch at least once; one where there are none. */
function costs(board: Board, runs: readonly Run[], program: ProgramView): ProgramCosts {
  const [{ load, profile: one }] = runs;
  const ran = one.prepare.map((_, o) => runs.find(({ profile }) => profile.next[o] !== null)?.profile);
  const missing = ran.indexOf(undefined);
  if (missing >= 0)
    throw new ImageError(
      `operator ${missing}: no input runs it, so nobody can say what it costs; is its branch ever taken?`,
    );
  const whole = ran.map((profile, o) => {
    const [first, next] = [profile!.first[o]!, profile!.next[o]!];
    const place = program.branches[o];
    return { prepare: one.prepare[o], first, next, share: place ? 1 / branchesAt(program, place.route) : 1 };
  });
  // what the first run took, with each operator's share in place of what it took or did not take
  const steady = sum(whole.map(({ next, share }, o) => next * share - (one.next[o] ?? 0)));
  const made = sum(whole.map(({ first, next, share }) => (first - next) * share));
  return {
    boot: counted(board, load),
    steady: counted(board, one.ticks + steady),
    first: counted(board, one.ticks + steady + made),
    operators: whole.map(({ prepare, first, next, share }) => ({
      boot: counted(board, prepare),
      steady: counted(board, next * share),
      first: counted(board, first * share),
    })),
    branches: branchCosts(
      board,
      one,
      whole.map(({ next }) => next),
      program,
    ),
  };
}

/** Of every branch, with the most expensive branch of every other route. */
function branchCosts(board: Board, one: Profile, next: readonly number[], program: ProgramView): BranchCost[] {
  const { branches } = program;
  const always = one.ticks - sum(branches.map((place, o) => (place ? (one.next[o] ?? 0) : 0)));
  const costOf = (route: number, branch: number) =>
    sum(next.filter((_, o) => branches[o]?.route === route && branches[o]?.branch === branch));
  const routes = [...new Set(branches.flatMap((place) => place?.route ?? []))].map((route) => {
    const each = Array.from({ length: branchesAt(program, route) }, (_, branch) => costOf(route, branch));
    return { route, each, most: Math.max(...each) };
  });
  const worst = always + sum(routes.map(({ most }) => most));
  return routes.flatMap(({ route, each, most }) =>
    each.map((cost, branch) => ({ route, branch, steady: counted(board, worst - most + cost) })),
  );
}

/** How many branches a route picks from: one for each of its scores, also those without operators. */
const branchesAt = ({ operators, tensors }: ProgramView, route: number) => tensors[operators[route].input].channels;

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
