export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** `data` goes along the arrow; `control` is a call that starts something. */
  readonly kind: 'data' | 'control';
}
