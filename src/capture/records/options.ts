import type { ReassemblyRules } from '../../rpc/index.js';
import type { Protocol } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import type { Outstanding } from './conversation.js';
import type { HoldLimits } from './limits.js';
import type { CaptureRecord, Frame } from './record.js';

export interface AssemblerOptions {
  readonly protocol: Protocol;
  /** Whose rules put fragments together. RM's apply to what RM receives in any case. */
  readonly rules: ReassemblyRules;
  /** Records hold a copy of their payload bytes. */
  readonly keepBytes?: boolean;
  /** Records of whole messages are one object, which is used again and decodes only what it is asked for. */
  readonly reuses?: boolean;
  /**
   * Records of whole messages come with their bytes and without what these mean: `decodedRecord` adds that later. For
   * those who look at few of the records. Messages above 1 MiB, which have no fields, are as without this.
   */
  readonly undecoded?: boolean;
  /**
   * Each record, which is valid until this returns if `reuses`.
   *
   * @param request value of the request that a reply answers, where the layout of the reply depends on it. Records that
   *   are decoded come without it.
   */
  readonly record?: (record: CaptureRecord, request?: Values) => void;
  readonly frame?: (frame: Frame) => void;
  /** Requests that will not be answered: their number was taken over, the capture ended, or too many waited. */
  readonly unanswered?: (request: Outstanding) => void;
  /** Default: `holdLimits`. */
  readonly limits?: HoldLimits;
}
