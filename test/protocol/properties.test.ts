import { protocol } from '../../schemas/index.js';
import { codecProperties } from '../codec/properties.js';
import { subjectsIn } from '../subjects.js';

codecProperties(subjectsIn(protocol), 30);
