import { unknownCall } from '../src/schema/index.js';
import { qualcomm } from './sources.js';

const onlyTheNumber = {
  sources: qualcomm,
  idOnlyIn: qualcomm,
  notes: ['Only the number is published; no client calls it. RM23 answers UNIMPLEMENTED.'],
};

export const GET_IDENT = unknownCall('GET_IDENT', {
  id: 0x00000001,
  doc: 'Presumably asks RM who it is.',
  ...onlyTheNumber,
});

export const GET_FEATURES = unknownCall('GET_FEATURES', {
  id: 0x00000002,
  doc: 'Presumably asks RM what it can do.',
  ...onlyTheNumber,
});
