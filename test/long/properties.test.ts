import { protocol } from '../../schemas/index.js';
import { codecProperties } from '../codec/properties.js';
import { subjectsIn } from '../subjects.js';

codecProperties(protocol, subjectsIn(protocol), 100);
