import { budget } from '../part.js';
import { subjectsIn } from '../subjects.js';
import { blank, toy } from '../toy.js';
import { codecProperties } from './properties.js';

codecProperties(
  toy,
  [...subjectsIn(toy), { name: 'struct blank', type: blank, layout: blank, request: undefined }],
  budget(100),
);
