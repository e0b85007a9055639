/** What is pruned: an imported model or an image, whose weights stay as they are, or a checkpoint, which can learn on. */
import { pack } from '../image/pack.ts';
import { unpack } from '../image/unpack.ts';
import { importTflite } from '../import/import.ts';
import type { Model } from '../model/model.ts';
import { ImageView } from '../records/view.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import type { TrainConfig } from '../train/config.ts';
import { exportModel } from '../train/index.ts';
import { removeDeadChannels } from '../transform/deadChannels.ts';
import { onlyProgram } from './cuts.ts';
import type { Part } from './graft.ts';
import type { TrainedNetwork } from './together.ts';

export interface Network {
  /** with every channel that it was given, dead ones too */
  model: Model;
  /** as it is before anything is cut off */
  image: Uint8Array;
  /** the image of a part of it, with the same tables and nothing that no output depends on */
  packed(part: Part): Uint8Array;
  /** where its trunk can be trained on, else null */
  trained: TrainedNetwork | null;
}

/** An INT8 .tflite model; its tables stay exact. Throws ImportError as the importer does. */
export function importedNetwork(bytes: Uint8Array, name: string, keepDead = false): Network {
  const { model } = importTflite(bytes, name, { keepDead: true });
  const packed = (all: Model): Uint8Array => pack(keepDead ? all : removeDeadChannels(all), { tables: 'q31' });
  return { model, image: packed(model), packed: (part) => packed(part.model), trained: null };
}

/** An image that `open` has proved: operators keep the tables that they had, new ones get exact ones where it had any. */
export function imageNetwork(image: Uint8Array): Network {
  const { model, tables, lossless } = unpack(new ImageView(image));
  const weighted = onlyProgram(model).operators.flatMap((operator) => ('source' in operator ? [operator] : []));
  const added = weighted.some((operator) => tables(operator) === 'q31') ? 'q31' : 'compact';
  return {
    model,
    image,
    packed: ({ model: part, origins }) =>
      pack(part, {
        tables(operator) {
          const own = weighted.find((one) => one === origins.get(operator));
          return own ? tables(own) : added;
        },
        lossless: (source) => model.sources.includes(source) && lossless(source),
      }),
    trained: null,
  };
}

/** A checkpoint of the workshop, with the configuration that it was trained with. */
export async function checkpointNetwork(checkpoint: Checkpoint, config: TrainConfig): Promise<Network> {
  const model = await exportModel(checkpoint, config);
  return { model, image: pack(model), packed: (part) => pack(part.model), trained: { checkpoint, config, model } };
}
