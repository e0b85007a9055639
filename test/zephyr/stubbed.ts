/** An app of the module, or one like it, configured by its own CMakeLists.txt against the stubs in place of Zephyr. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';

export const STUBS = join(root, 'test', 'zephyr', 'stubs');

export interface Target {
  name: string;
  flags: string;
  variant: 'SCALAR' | 'DSP' | 'MVE';
}

export const CORTEX_M7: Target = { name: 'arm-none-eabi-gcc', flags: '-mcpu=cortex-m7 -mthumb', variant: 'DSP' };

export const CORTEX_M55: Target = {
  name: 'arm-none-eabi-gcc',
  flags: '-mcpu=cortex-m55 -mthumb -mfloat-abi=hard',
  variant: 'MVE',
};

/** Whether there is what `configure` takes, but for a compiler. */
export const BUILDERS = ['cmake', 'ninja', 'python3'].every(onPath);

/** `module` is a folder that htpw clib wrote. Returns where it is built, and how each file is compiled. */
export function configure(module: string, source: string, { name, flags, variant }: Target, ...options: string[]) {
  const build = emptyFolder('zephyr');
  const settings = [
    `-DZephyr_DIR=${STUBS}`,
    `-DSTUB_MODULE=${module}`,
    '-DCMAKE_SYSTEM_NAME=Generic',
    '-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY',
    '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON',
    `-DCMAKE_C_COMPILER=${name}`,
    `-DCMAKE_C_FLAGS=${flags}`,
    `-DCONFIG_HTPW_VARIANT_${variant}=y`,
    '-DCONFIG_HTPW_LOG_LEVEL=3',
    '-DCONFIG_HTPW_ARENA_BYTES=16384',
    '-DCONFIG_ECG_SPEED=1',
    ...options,
  ];
  output('cmake', ['-G', 'Ninja', '-S', source, '-B', build, ...settings]);
  const file = join(build, 'compile_commands.json');
  const commands: { file: string; command: string }[] = JSON.parse(readFileSync(file, 'utf8'));
  return { build, commands };
}
