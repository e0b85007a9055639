/** Worst-case stack of functions, from the call graph that GCC writes with -fcallgraph-info=su. */

export interface CallGraph {
  /** bytes of stack of each function that was compiled */
  frames: Map<string, number>;
  /** what each function calls, functions of other files included */
  calls: Map<string, Set<string>>;
}

/** A call of a function that the caller of the API brings. */
const INDIRECT = '__indirect_call';

/** Throws where a frame has no fixed size: nothing could be said of the stack then. */
export function parseCallGraph(text: string): CallGraph {
  const name = (title: string) => title.slice(title.lastIndexOf(':') + 1);
  const graph: CallGraph = { frames: new Map(), calls: new Map() };
  for (const [, title, label] of text.matchAll(/^node: \{ title: "([^"]+)" label: "([^"]*)"/gm)) {
    const frame = /\\n(\d+) bytes \((.*?)\)/.exec(label);
    if (!frame) continue;
    if (frame[2] !== 'static') throw new Error(`${name(title)}: stack is ${frame[2]}; expected a fixed size`);
    graph.frames.set(name(title), Number(frame[1]));
  }
  for (const [, from, to] of text.matchAll(/^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/gm)) {
    const known = graph.calls.get(name(from)) ?? new Set();
    graph.calls.set(name(from), known.add(name(to)));
  }
  return graph;
}

/** Every function that a call of `from` may reach, itself first; those of other files included, callbacks not. */
export function reachable(graph: CallGraph, from: string): string[] {
  const found = new Set([from]);
  for (const each of found)
    for (const called of graph.calls.get(each) ?? []) if (called !== INDIRECT) found.add(called);
  return [...found];
}

/**
 * Bytes of stack that a call of a function takes at most, return addresses included where the core saves them there.
 * Not counted: callbacks, and functions of other files (the compiler's own arithmetic). Throws on recursion.
 */
export function worstStack(graph: CallGraph, from: string, path: string[] = []): number {
  if (path.includes(from)) throw new Error(`recursion: ${[...path, from].join(' calls ')}; expected none`);
  const own = graph.frames.get(from) ?? 0;
  const below = [...(graph.calls.get(from) ?? [])].map((called) => worstStack(graph, called, [...path, from]));
  return own + Math.max(0, ...below);
}
