import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { documentTypes } from '../../build/document-types.js';

// What an editor shows of the types of the package, as the build makes them.
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-types-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = `
import { decodeMessage, vmStatus, memRights, MEM_LEND, VM_ALLOC_VMID, VM_STATUS, type VmStopRequest } from './src/index.js';
const { payload } = decodeMessage(new Uint8Array(), { message: VM_STATUS, type: 'notification' });
payload!.vm_status;
vmStatus.values.NO_STATE;
memRights.bits.R;
const { payload: lend } = decodeMessage(new Uint8Array(), { message: MEM_LEND, type: 'request' });
lend!.sgl_entries[0]!.ipa;
lend!.mem_type;
const { payload: any } = decodeMessage(new Uint8Array());
const { payload: alloc } = decodeMessage(new Uint8Array(), { message: VM_ALLOC_VMID, type: 'reply' });
alloc!.vmid;
const stop: VmStopRequest = undefined as never;
stop.stop_reason;
`;

function languageService(): { service: ts.LanguageService; file: string } {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // As in the build, which checks no types either.
  const options = {
    ...parsed.options,
    outDir: folder,
    emitDeclarationOnly: true,
    noEmit: false,
    noCheck: true,
  };
  ts.createProgram([join(root, 'src/index.ts')], options).emit();
  for (const name of readdirSync(join(folder, 'schemas'), { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, 'schemas', name);
    if (name.endsWith('.d.ts')) writeFileSync(path, documentTypes(readFileSync(path, 'utf8')));
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const file = join(folder, 'use.ts');
  writeFileSync(file, source);
  const service = ts.createLanguageService({
    getCompilationSettings: () => ({ ...parsed.options, noEmit: true, types: [] }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) =>
      ts.sys.fileExists(path) ? ts.ScriptSnapshot.fromString(ts.sys.readFile(path) as string) : undefined,
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  return { service, file };
}

describe('what an editor shows', () => {
  const { service, file } = languageService();
  const hover = (text: string) => {
    const info = service.getQuickInfoAtPosition(file, source.indexOf(text) + text.length - 1);
    return `${ts.displayPartsToString(info?.displayParts)}\n${ts.displayPartsToString(info?.documentation)}`;
  };

  it('has no errors', () => {
    const all = [...service.getSemanticDiagnostics(file), ...service.getSyntacticDiagnostics(file)];
    expect(all.map(({ messageText }) => messageText)).toEqual([]);
  });

  it.each([
    ['message: VM_STATUS', /changed its state, or its operating system[\s\S]*0x56100008/],
    ['payload!.vm_status', /vm_status: EnumValue<{[\s\S]*readonly RUNNING: 3;[\s\S]*VM state \(vm_status\)/],
    ['values.NO_STATE', /NO_STATE: 0\n[\s\S]*State of a VM as RM sees it[\s\S]*Also called NONE/],
    ['bits.R', /R: 4\n[\s\S]*Access rights of a VM to a parcel/],
    ['[0]!.ipa', /ipa: bigint\n[\s\S]*start address in the owner's/],
    ['lend!.mem_type', /mem_type: [\s\S]*kind of memory/],
    ['payload: any', /: unknown/],
    ['alloc!.vmid', /vmid\?: number[\s\S]*the VMID RM chose/],
    ['stop.stop_reason', /stop_reason: [\s\S]*handed to the VM/],
  ])('of %s', (text, expected) => {
    expect(hover(text)).toMatch(expected);
  });
});
