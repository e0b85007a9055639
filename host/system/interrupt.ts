/** What is half done when the process is told to end (Ctrl-C, kill, a closed terminal) is undone first. */

const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Latest last. */
const pending = new Set<() => void>();

function end(signal: NodeJS.Signals): void {
  for (const undo of [...pending].reverse()) undo();
  pending.clear();
  stopListening();
  process.kill(process.pid, signal); // as if it had never been caught, so that the caller sees why it ended
}

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, end);
}

/**
 * From now until the returned function is called, a signal runs `undo` before it ends the process. `undo` must be
 * synchronous. Code that does not return to the event loop is not interrupted meanwhile, so keep it short.
 */
export function undoOnInterrupt(undo: () => void): () => void {
  const own = () => undo();
  if (pending.size === 0) {
    stopListening();
    for (const signal of SIGNALS) process.on(signal, end);
  }
  pending.add(own);
  return () => {
    pending.delete(own);
    // a signal that came during synchronous work reaches its listener one turn of the event loop later
    setImmediate(() => {
      if (pending.size === 0) stopListening();
    });
  };
}
