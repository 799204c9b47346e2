import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { quote } from '../device/index.js';
import { attempt } from './file-error.js';
import { makeFolder } from './folder.js';

type Environment = { readonly [name: string]: string | undefined };

/**
 * Writes the program and the dissector where Wireshark looks for them.
 *
 * @param words of the command that starts this program. @param dissector its text, Lua.
 * @returns the paths. @throws FileError
 */
export function installExtcap(
  words: readonly string[],
  dissector: string,
  env: Environment,
): readonly string[] {
  const { extcap, plugins } = wiresharkFolders(env);
  const program = join(extcap, 'gunyah-rm');
  write(program, `#!/bin/sh\nexec ${words.map(quote).join(' ')} capture --extcap "$@"\n`, 0o755);
  const lua = join(plugins, 'gunyah_rm.lua');
  write(lua, dissector, 0o644);
  return [program, lua];
}

/** Where tshark says that it looks, the user's own folders first. Without tshark: where Wireshark 4.2 and later look. */
function wiresharkFolders(env: Environment): { readonly extcap: string; readonly plugins: string } {
  const { stdout } = spawnSync('tshark', ['-G', 'folders'], { env, encoding: 'utf8' });
  const folder = (...names: readonly string[]) => {
    const found = names.map((name) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(stdout ?? '')?.[1]);
    return found.find((path) => path !== undefined);
  };
  const own = join(env.HOME ?? homedir(), '.local/lib/wireshark');
  return {
    // Versions before 4.2 have no folder of the user's. They print WIRESHARK_EXTCAP_DIR where they use it.
    extcap: folder('Personal Extcap path', 'Extcap path') ?? join(own, 'extcap'),
    plugins: folder('Personal Lua Plugins') ?? join(own, 'plugins'),
  };
}

function write(path: string, text: string, mode: number): void {
  makeFolder(dirname(path));
  attempt(path, () => {
    writeFileSync(path, text);
    chmodSync(path, mode);
  });
}
