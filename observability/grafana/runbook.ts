/** Where the runbook is read, and its article for an alarm. */

export interface Runbook {
  /** Address of `docs/runbook.md` as people can open it. @default - none: panels name the file only */
  readonly url?: string;
}

export interface Article {
  readonly title: string;
  /** For reading. */
  readonly text: string;
  /** For clicking. */
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

/** As the usual renderers of Markdown make it of a heading. */
export function anchorOf(alarm: string): string {
  return alarm
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
}
