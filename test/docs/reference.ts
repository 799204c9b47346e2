import reference from '../reference/messages.json' with { type: 'json' };

/** What the independent table says about a payload, as far as it is compared. */
export interface ReferencePayload {
  readonly size: number;
  readonly fixed: boolean;
  readonly may_be_empty?: boolean;
  readonly fields: readonly ReferenceField[];
}
interface ReferenceField {
  readonly name: string;
  readonly offset: number | null;
  readonly type: string;
  readonly cases?: Readonly<Record<string, readonly ReferenceField[]>>;
}
export interface ReferenceMessage {
  readonly name: string;
  readonly request?: ReferencePayload | null;
  readonly reply?: ReferencePayload | null;
  readonly payload?: ReferencePayload | null;
  readonly error_reply?: ReferencePayload;
}
/** By name. */
export const referenceOf = new Map(
  (reference.messages as unknown as ReferenceMessage[]).map((message) => [message.name, message]),
);
