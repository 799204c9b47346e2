import type { ReassemblyRules } from '../../rpc/index.js';
import type { Protocol } from '../../schema/index.js';
import type { MessageFunctions } from '../payload/index.js';
import type { Outstanding } from './conversation.js';
import type { HoldLimits } from './limits.js';
import type { CaptureRecord, Frame, RecordType } from './record.js';

export interface AssemblerOptions {
  readonly protocol: Protocol;
  /** Whose rules put fragments together. RM's apply to what RM receives in any case. */
  readonly rules: ReassemblyRules;
  /** Records hold a copy of their payload bytes. */
  readonly keepBytes?: boolean;
  /** Records of whole messages are one object, which is used again and decodes only what it is asked for. */
  readonly reuses?: boolean;
  /** Each record, which is valid until this returns if `reuses`: `keptRecord` gives one that stays. */
  readonly record?: (record: CaptureRecord) => void;
  /**
   * Whether messages of this type and id are to be records, which is always the same. Others are only followed, and counted
   * in `no`. A request on which the layout of its reply depends is a record in any case.
   */
  readonly wants?: (type: RecordType, id: number | undefined) => boolean;
  /**
   * Whether messages that have a problem are records for now, whatever `wants` says. While it is so, some messages without a
   * problem are records too.
   */
  readonly wantsProblems?: () => boolean;
  /**
   * Takes some of the messages in order that are wanted, in place of `record`: plain ones, see `PlainMessages`.
   *
   * @param type as `MessageType` has it. @param error word of a reply. @param request number of the request that a reply
   * answers; undefined or 0: none. @param latencyNs undefined or NaN: not known.
   */
  readonly plain?: (
    no: number,
    functions: MessageFunctions,
    type: number,
    error?: number,
    request?: number,
    latencyNs?: number,
  ) => void;
  readonly frame?: (frame: Frame) => void;
  /**
   * A request that will not be answered: its number was taken over, the capture ended, or too many waited. Valid until
   * this returns.
   */
  readonly unanswered?: (request: Outstanding) => void;
  /** Default: `holdLimits`. */
  readonly limits?: HoldLimits;
}
