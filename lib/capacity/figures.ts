/** What this project measured, as sizing needs it: `figures.json` is generated from measurements outside the product. */
import figures from './figures.json';

/** A measured number. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  /** Document that says how it was measured. */
  readonly source: string;
}

/** A measured curve by ascending x. */
export interface FigureCurve {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly source: string;
}

export interface Figures {
  readonly postBytes: Figure;
  readonly eventBytes: Figure;
  readonly rawBytes: Figure;
  readonly ingestRecords: Figure;
  readonly ingestMs: Figure;
  readonly aggregateRate: Figure;
  readonly archiveRate: Figure;
  readonly compactMs: Figure;
  readonly compactMsPerRecord: Figure;
  readonly compactMb: Figure;
  readonly sparkStart: Figure;
  readonly sparkCoreSeconds: Figure;
  /** Of memory. */
  readonly rememberedBytes: Figure;
  /** Write units of a row of `speed_log`, by posts of a batch. */
  readonly logUnits: FigureCurve;
}

// The points of a curve are pairs, which the type of a JSON file does not say.
export const FIGURES = figures as unknown as Figures;
