import { Corpus } from '../../../fuzz/corpus/corpus.js';
import { dictionaryText } from '../../../fuzz/corpus/dictionary.js';
import { fixturesOf } from '../../../golden/generate.js';
import { bareName } from '../../../node/folder.js';
import type { CommandIo } from '../../io.js';
import { storedEvidence } from '../../stored-evidence.js';
import { readFinding } from './finding-file.js';

export interface CorpusOptions {
  readonly out: string;
  readonly from?: readonly string[];
  readonly allowOutside?: true;
}

const DICTIONARY = 'gunyah-rm.dict';

export function writeCorpus(io: CommandIo, { out, from = [], allowOutside }: CorpusOptions): void {
  const corpus = new Corpus();
  const evidence = storedEvidence();
  for (const message of io.protocol.messages)
    for (const fixture of fixturesOf(io.protocol, message, evidence)) corpus.addFixture(fixture);
  for (const file of from) {
    const { played } = readFinding(io, file, allowOutside);
    corpus.addSession(bareName(file), played);
  }
  const dictionary = { name: DICTIONARY, content: dictionaryText(io.protocol) };
  io.files.writeFolder(out, [...corpus.files, dictionary]);
  const output = io.output('-');
  output.write(`${corpus.files.length} messages\n`);
  output.end();
}
