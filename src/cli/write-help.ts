import { protocol } from '../../schemas/index.js';
import { writeFile } from '../node/files.js';
import { processStdio } from '../node/stdio.js';
import { version } from '../node/version.js';
import { pageOf } from './help-page.js';
import { CommandIo } from './io.js';
import { manPage } from './man-page.js';
import { programOf } from './program.js';

// Part of the build: the manual page and the pages of the help go into the package.
const [folder = 'dist'] = process.argv.slice(2);
const program = await programOf(new CommandIo(protocol, processStdio()), []);
writeFile(`${folder}/gunyah-rm.1`, manPage(program, version()));
writeFile(`${folder}/src/cli/help.json`, JSON.stringify(program.commands.map(pageOf)));
