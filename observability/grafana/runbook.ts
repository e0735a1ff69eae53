/** The runbook and its article for an alarm. */

export interface Runbook {
  /** URL of `docs/runbook.md`. @default - none: panels name only the file */
  readonly url?: string;
}

export interface Article {
  readonly title: string;
  /** The location as text. */
  readonly text: string;
  /** The location as a link. */
  readonly url?: string;
}

/** Each alarm has an article under its own name. */
export function articleAt({ url }: Runbook, alarm: string): Article {
  const anchor = anchorOf(alarm);
  return {
    title: alarm,
    text: `docs/runbook.md#${anchor}`,
    ...(url === undefined ? {} : { url: `${url}#${anchor}` }),
  };
}

/** The anchor that common Markdown renderers generate for a heading. */
export function anchorOf(alarm: string): string {
  return alarm
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
}
