import { GET_FEATURES, GET_IDENT } from '../../../../schemas/index.js';
import { empty, field, struct, u32, u64 } from '../../../schema/index.js';
import { type HandlerRow, handler, withLayouts } from '../row.js';
import { HOST_TYPE } from '../vm/identity.js';

const layout = (text: string) => [{ text, wouldTell: 'a caller, or a recording of the message' }];

const identMessage = withLayouts(
  GET_IDENT,
  empty,
  struct(4, { ident: field(u32, 'who RM is, as VM_HOST_GET_TYPE says') }),
);
const getIdent = handler(identMessage, () => ({ ident: HOST_TYPE }), {
  assumed: layout('The request is empty, and the reply is the word of VM_HOST_GET_TYPE.'),
});

const featuresMessage = withLayouts(
  GET_FEATURES,
  empty,
  struct(8, { features: field(u64, 'feature bits, of which none is known') }),
);
const getFeatures = handler(featuresMessage, () => ({ features: 0n }), {
  assumed: layout('The request is empty, and the reply is 64 feature bits, none of them set.'),
});

export const identityRows: readonly HandlerRow[] = [
  { ...getIdent, layoutAssumed: true },
  { ...getFeatures, layoutAssumed: true },
];
