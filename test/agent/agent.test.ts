/** The agent on every board that runs here, line by line, and the client that speaks to it. */
import { PassThrough, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Agent, AgentError } from '../../host/agent/protocol.ts';
import { canRun, RUNNABLE } from '../boards/runnable.ts';
import { imageFile, TINY_INPUT_BYTES, tinyWindow } from '../boards/tinyImage.ts';
import { startAgent } from './startAgent.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const full = hex(tinyWindow(1));

for (const board of RUNNABLE.map(({ name }) => name))
  describe.skipIf(!canRun(board))(`the agent on ${board}`, () => {
    let agent: Agent;
    beforeAll(async () => {
      ({ agent } = await startAgent(board, imageFile(`agent-${board}`)));
    }, 120_000);
    afterAll(() => agent?.close());

    const refusal = async (line: string) => {
      const answer = agent.command(line);
      const error = await answer.then(
        () => null,
        (reason) => reason,
      );
      expect(error, `"${line.slice(0, 40)}" was not refused`).toBeInstanceOf(AgentError);
      return (error as AgentError).code;
    };

    it('says what it is before anything is loaded', async () => {
      const info = await agent.info();
      expect(info).toMatchObject({ board, image: 'OK', programs: 1, operators: 0, inputBytes: TINY_INPUT_BYTES });
    });

    it('says how long proving the image took, the same whenever it is asked', async () => {
      const { openTicks } = await agent.info();
      expect(openTicks).toBeGreaterThan(0);
      expect((await agent.info()).openTicks).toBe(openTicks);
    });

    it('refuses to run before a program is loaded', async () => {
      for (const line of [`run ${full}`, 'bench 1', 'dump 0', 'weights', 'profile'])
        expect(await refusal(line)).toBe('NOT_LOADED');
    });

    it('refuses a program that is not there, by its status name', async () => {
      expect(await refusal('load 1')).toBe('NO_SUCH_PROGRAM');
      expect(await refusal('load 999999999')).toBe('NO_SUCH_PROGRAM');
    });

    it.each([
      ['an unknown command', 'frobnicate', 'BAD_COMMAND'],
      ['a command in capitals', 'INFO', 'BAD_COMMAND'],
      ['a command name without end', 'x'.repeat(5000), 'LINE_TOO_LONG'],
      ['text behind a command', 'info now', 'TRAILING_TEXT'],
      ['a missing number', 'load', 'BAD_NUMBER'],
      ['a negative number', 'load -1', 'BAD_NUMBER'],
      ['a hex number', 'load 0x0', 'BAD_NUMBER'],
      ['a number too long', `load ${'9'.repeat(300)}`, 'BAD_NUMBER'],
      ['text behind profile', 'profile 0', 'TRAILING_TEXT'],
      ['zero runs', 'bench 0', 'BAD_NUMBER'],
      ['control characters', '\x01\x02\x7f', 'BAD_COMMAND'],
      ['bytes above 127', '\u00ff\u00fe', 'BAD_COMMAND'],
    ])('answers %s with an error and goes on', async (_, line, code) => {
      expect(await refusal(line)).toBe(code);
      expect((await agent.info()).board).toBe(board);
    });

    it.each([
      ['no input', 'run', 'BAD_LENGTH'],
      ['a byte too few', `run ${full.slice(2)}`, 'BAD_LENGTH'],
      ['a byte too many', `run ${full}00`, 'BAD_HEX'],
      ['thousands of bytes too many', `run ${full}${'00'.repeat(5000)}`, 'BAD_HEX'],
      ['half a byte', `run ${full.slice(1)}`, 'BAD_HEX'],
      ['a letter past f', `run ${full.slice(1)}g`, 'BAD_HEX'],
      ['an unknown option', `run ${full} verbose`, 'BAD_OPTION'],
      ['an option too long', `run ${full} ${'trace'.repeat(99)}`, 'BAD_OPTION'],
      ['text behind the option', `run ${full} trace now`, 'TRAILING_TEXT'],
    ])('refuses a run with %s, and forgets the input', async (_, line, code) => {
      await agent.load(0);
      await agent.run(tinyWindow(1));
      expect(await refusal(line)).toBe(code);
      expect(await refusal('bench 1')).toBe('NO_INPUT');
      expect(await refusal('profile')).toBe('NO_INPUT');
    });

    it('dumps the layer whose checksum it traced, and refuses one that is not there', async () => {
      await agent.load(0);
      const { output, layers } = await agent.run(tinyWindow(2), true);
      expect(layers).toHaveLength(2);
      expect(await agent.dump(1)).toEqual(output); // the last operator makes the output
      expect((await agent.dump(0)).length).toBe(64);
      expect(await refusal('dump 2')).toBe('NO_SUCH_OPERATOR');
    });

    it('times several runs of the last input', async () => {
      await agent.load(0);
      await agent.run(tinyWindow(3));
      const { total, most } = await agent.bench(5);
      expect(most).toBeGreaterThan(0);
      expect(total).toBeLessThanOrEqual(5 * most);
    });

    it('times every operator by itself in a profile, and answers after it as before', async () => {
      await agent.load(0);
      const { output } = await agent.run(tinyWindow(3));
      const { prepare, first, next, ticks } = await agent.profile();
      expect([prepare.length, first.length, next.length]).toEqual([2, 2, 2]);
      expect(Math.min(...first.map(Number), ...next.map(Number), ticks)).toBeGreaterThan(0);
      expect(await agent.dump(1)).toEqual(output); // the input is still there
    });

    it('stops a bench when a byte comes, and takes the byte as of the next line', async () => {
      await agent.load(0);
      await agent.run(tinyWindow(3));
      const answer = agent.command('bench 999999999');
      await setTimeout(300);
      agent.interrupt();
      const { runs, total, most } = (await answer).fields;
      expect(Number(runs)).toBeGreaterThan(0);
      expect(Number(runs)).toBeLessThan(999_999_999);
      expect(Number(total)).toBeLessThanOrEqual(Number(runs) * Number(most));
      expect((await agent.info()).board).toBe(board);
    });

    it('does not take the second half of a line end for such a byte', async () => {
      await agent.load(0);
      await agent.run(tinyWindow(3));
      expect((await agent.command('bench 20\r')).fields.runs).toBe('20');
    });

    // on an emulator the byte may come too late
    if (board === 'host')
      it('stops a bench after one run, weights and a profile when a byte waits already', async () => {
        await agent.load(0);
        await agent.run(tinyWindow(3));
        expect((await agent.command('bench 20\r\n')).fields.runs).toBe('1');
        expect(await refusal('weights\n')).toBe('STOPPED');
        expect(await refusal('profile\n')).toBe('STOPPED');
        expect((await agent.command('weights')).fields.operators).toBe('2');
      });

    it('takes upper-case hex, blanks around words and empty lines', async () => {
      await agent.load(0);
      const { output } = await agent.run(tinyWindow(1));
      const reply = await agent.command(`\r\n\n   run    ${full.toUpperCase()}   \r`);
      expect(reply.fields.output).toBe(hex(output));
    });
  });

/** An agent that gives one answer to everything. */
function answering(reply: string, options: { delay?: number; counterSeconds?: number } = {}) {
  const readable = new PassThrough();
  const writable = new Writable({
    write(_chunk, _encoding, done) {
      setTimeout(options.delay ?? 0).then(() => readable.write(`${reply}\n`));
      done();
    },
  });
  const transport = { readable, writable, greets: false, ended: new Promise<string>(() => {}), close: async () => {} };
  return { readable, writable, agent: new Agent(transport, { timeout: 5000, counterSeconds: options.counterSeconds }) };
}

describe('a client', () => {
  /** A program that loses what it is sent before it listens, as a UART may that is not enabled yet. */
  function program(greets: boolean) {
    const sent: string[] = [];
    const readable = new PassThrough();
    const writable = new Writable({
      write(chunk, _encoding, done) {
        sent.push(String(chunk));
        readable.write('ok operators=1\n');
        done();
      },
    });
    const transport = { readable, writable, greets, ended: new Promise<string>(() => {}), close: async () => {} };
    return { sent, readable, agent: new Agent(transport, { timeout: 5000 }) };
  }

  it('sends nothing to firmware that just starts before its greeting', async () => {
    const { sent, readable, agent } = program(true);
    const answer = agent.command('weights');
    readable.write('# memory: 64 kB\n');
    await setTimeout(20);
    expect(sent).toEqual([]);
    readable.write('# hypertinypw on somewhere\n');
    expect((await answer).fields).toMatchObject({ operators: '1' });
    expect(sent).toEqual(['weights\n']);
  });

  it('refuses a bench that made fewer runs than it was asked for', async () => {
    const { readable, writable, agent } = answering('ok runs=3 total=30 most=10');
    await expect(agent.bench(4)).rejects.toThrow(
      'agent: bench 4: expected runs=4, got "runs=3, as when a byte comes"; is the line complete?',
    );
    expect([readable.readableEnded, writable.writableEnded]).toEqual([false, false]);
  });

  it.each([
    ['load', 'ok ticks=unknown operators=1', (agent: Agent) => agent.load(0)],
    ['run', 'ok output=00 ticks=unknown', (agent: Agent) => agent.run(tinyWindow(1))],
    ['bench', 'ok runs=1 total=unknown most=unknown', (agent: Agent) => agent.bench(1)],
  ])('refuses ticks of a %s during which the counter went round', async (name, reply, ask) => {
    await expect(ask(answering(reply).agent)).rejects.toThrow(
      new RegExp(`^agent: ${name} .*: its ticks are unknown: the counter went round; count on a board whose`),
    );
  });

  it('refuses ticks of what took longer than a counter holds, and not those of many short runs', async () => {
    const slow = (reply: string) => answering(reply, { delay: 120, counterSeconds: 0.1 }).agent;
    const lost = /expected at most 0\.1 s, after which the counter goes round, took 0\.\d s; its ticks are lost/;
    await expect(slow('ok ticks=5 operators=1').load(0)).rejects.toThrow(lost);
    await expect(slow('ok output=00 ticks=5').run(tinyWindow(1))).rejects.toThrow(lost);
    await expect(slow('ok runs=1 total=5 most=5').bench(1)).rejects.toThrow(lost);
    expect(await slow('ok runs=9 total=45 most=5').bench(9)).toEqual({ total: 45, most: 5 });
  });

  it('waits for no greeting from a board that has long been running', async () => {
    const { agent } = program(false);
    expect((await agent.command('weights')).fields).toMatchObject({ operators: '1' });
  });
});
