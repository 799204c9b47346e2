import { protocol } from '../../schemas/index.js';
import { writeFile } from '../node/files.js';
import { processStdio } from '../node/stdio.js';
import { version } from '../node/version.js';
import { CommandIo } from './io.js';
import { manPage } from './man-page.js';
import { programOf } from './program.js';

// Part of the build: the manual page goes into the package.
const [path = 'dist/gunyah-rm.1'] = process.argv.slice(2);
writeFile(path, manPage(await programOf(new CommandIo(protocol, processStdio()), []), version()));
