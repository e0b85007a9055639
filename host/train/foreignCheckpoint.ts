/**
 * A float checkpoint that was trained elsewhere, with this project's tensor names, as an image. docs/import.md has the
 * recipe.
 */
import { basename, extname } from 'node:path';
import type { TableEncoding } from '../arithmetic/channels.ts';
import { pack } from '../image/pack.ts';
import { ImportError, inOneLine } from '../import/error.ts';
import type { Model } from '../model/model.ts';
import { describeFile, SAFETENSORS } from '../system/fileKind.ts';
import { type Checkpoint, classNamesOf, decodeCheckpoint } from '../train/checkpoint.ts';
import { type ExportConfig, readNetwork } from '../train/config.ts';
import { exportModel } from '../train/index.ts';
import { specOf } from '../train/network.ts';
import { checkpointFaults } from '../train/tensors.ts';

/**
 * `bytes` of a .safetensors file read from `path`, and the path of its architecture: the same image that `htpw pack`
 * makes of them. Throws ImportError, one line with everything that is missing, unknown, of another shape or not finite.
 */
export async function importCheckpoint(
  bytes: Uint8Array,
  path: string,
  architecture: string,
  tables: TableEncoding,
): Promise<{ image: Uint8Array; model: Model }> {
  const { kind, advice = `--arch takes ${SAFETENSORS.kind}` } = describeFile(bytes);
  if (kind !== SAFETENSORS.kind) throw new ImportError(`this is no .safetensors checkpoint but ${kind}; ${advice}`);
  try {
    const checkpoint = decodeCheckpoint(bytes, 'checkpoint');
    const config = readNetwork(architecture);
    refuseFaults(checkpoint, config);
    const name = config.name ?? basename(path, extname(path));
    const model = await exportModel(checkpoint, { ...config, name });
    return { model, image: pack(model, { tables }) };
  } catch (error) {
    throw new ImportError((error as Error).message);
  }
}

function refuseFaults(checkpoint: Checkpoint, config: Pick<ExportConfig, 'task' | 'network'>): void {
  const faults = checkpointFaults(checkpoint, [specOf(config, classNamesOf(checkpoint).length)]);
  if (faults.length > 0) throw inOneLine('cannot be imported: ', faults, '; docs/import.md has the names');
}
