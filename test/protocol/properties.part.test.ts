import { protocol } from '../../schemas/index.js';
import { codecProperties } from '../codec/properties.js';
import { budget } from '../part.js';
import { subjectsIn } from '../subjects.js';

// test/long makes a hundred values of each. Later values of a test are larger.
codecProperties(protocol, subjectsIn(protocol), budget(15));
