import { protocol } from '../../schemas/index.js';
import { codecProperties } from '../codec/properties.js';
import { budget } from '../part.js';
import { subjectsIn } from '../subjects.js';

codecProperties(protocol, subjectsIn(protocol), budget(30));
