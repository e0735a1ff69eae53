/** The live display: on a terminal one line that is rewritten, elsewhere a new line every few seconds. */
import { type LocalCloud } from '../aws/local-cloud';
import { type Boundary } from './query-client';
import { formatProgress } from './tables';

export interface Display {
  /** Prints a line. */
  readonly line: (text: string) => void;
  /** Shows the current counters. */
  progress(cloud: LocalCloud, boundary: Boundary | undefined): void;
  end(): void;
}

const ON_TERMINAL_MS = 250;
const ELSEWHERE_MS = 5_000;
const CLEAR_LINE = '\r\u001b[2K';

export function startDisplay(out: NodeJS.WriteStream): Display {
  const every = out.isTTY ? ON_TERMINAL_MS : ELSEWHERE_MS;
  let shownAt = 0;
  let shown = '';
  const clear = () => {
    if (out.isTTY && shown !== '') out.write(CLEAR_LINE);
  };
  return {
    line(text) {
      clear();
      out.write(`${text}\n`);
      shown = '';
    },
    progress(cloud, boundary) {
      if (Date.now() - shownAt < every) return;
      shownAt = Date.now();
      const text = `${formatProgress(cloud.counters())}${boundary?.interval ? `  time boundary ${boundary.interval.slice(11, 16)}` : ''}`;
      if (text === shown) return;
      clear();
      shown = text;
      out.write(out.isTTY ? text.slice(0, (out.columns || 120) - 1) : `  ${text}\n`);
    },
    end() {
      if (out.isTTY && shown !== '') out.write('\n');
    },
  };
}
