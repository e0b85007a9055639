/** An agent that runs on a board which needs no hardware. */
import { resolve } from 'node:path';
import { connect } from '../../host/agent/connect.ts';
import { Agent } from '../../host/agent/protocol.ts';
import { loadBoard } from '../../host/boards/board.ts';
import { buildFirmware, type Firmware } from '../../host/build/firmware.ts';

/** Builds the firmware with an image and starts it. */
export async function startAgent(boardName: string, imagePath: string): Promise<{ agent: Agent; firmware: Firmware }> {
  const firmware = await buildFirmware(boardName, imagePath);
  const transport = await connect(loadBoard(boardName), resolve(firmware.elf));
  return { agent: new Agent(transport, { timeout: 20_000 }), firmware };
}
