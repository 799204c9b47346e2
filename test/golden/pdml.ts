import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A field as tshark prints it. */
export interface ShownField {
  readonly name: string;
  readonly show: string;
  readonly showname: string;
  /** Hex of its bytes. */
  readonly value: string;
}

/** What the dissector makes of a packet: its fields in order, and what it complains of. */
export interface ShownPacket {
  readonly frame: number;
  readonly fields: readonly ShownField[];
  readonly issues: readonly string[];
  readonly luaErrors: readonly string[];
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#x27': "'" };

function plain(text: string): string {
  return text.includes('&')
    ? text.replace(/&(lt|gt|amp|quot|#x27);/g, (_, name: string) => entities[name] as string)
    : text;
}

function attribute(line: string, name: string): string {
  const start = line.indexOf(` ${name}="`);
  if (start < 0) return '';
  const from = start + name.length + 3;
  return plain(line.slice(from, line.indexOf('"', from)));
}

const issuePrefix = 'gunyah_rm.issue.';

/**
 * Runs tshark with a dissector over a capture, twice over each packet as the graphical program does, and hands on what
 * it shows packet by packet. Rejects when tshark does not end well.
 */
export function dissect(
  script: string,
  capture: string,
  packet: (shown: ShownPacket) => void,
): Promise<void> {
  const args = ['-X', `lua_script:${script}`, '-2', '-r', capture, '-T', 'pdml', '-J', 'gunyah_rm'];
  return shownBy('tshark', args, '', packet);
}

/** Runs a program that prints PDML, with text on its standard input. */
export async function shownBy(
  program: string,
  args: readonly string[],
  input: string,
  packet: (shown: ShownPacket) => void,
): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  let frame = 0;
  let fields: ShownField[] = [];
  let issues: string[] = [];
  let luaErrors: string[] = [];
  let pending = '';
  for await (const piece of createInterface({ input: child.stdout })) {
    // Text fields may hold line breaks; a tag ends with the only bracket that is not escaped.
    const line = pending + piece;
    pending = line !== '' && !line.endsWith('>') ? line : '';
    if (pending !== '') continue;
    if (line.startsWith('<packet>')) {
      [frame, fields, issues, luaErrors] = [frame + 1, [], [], []];
    } else if (line.startsWith('</packet>')) packet({ frame, fields, issues, luaErrors });
    else if (line.includes('Lua Error')) luaErrors.push(plain(line));
    else {
      const name = attribute(line, 'name');
      if (name.startsWith(issuePrefix)) issues.push(name.slice(issuePrefix.length));
      else if (name.startsWith('gunyah_rm.')) {
        const [show, showname, value] = [
          attribute(line, 'show'),
          attribute(line, 'showname'),
          attribute(line, 'value'),
        ];
        fields.push({ name, show, showname, value });
      }
    }
  }
  const code = await ended;
  const complaints = stderr.split('\n').filter((line) => line !== '' && !/as user "root"/.test(line));
  if (code !== 0 || complaints.length > 0)
    throw new Error(`${program} ends with ${code}: ${complaints.join('\n')}`);
}
