/** Builds a board from drafts: grid positions, ids, variables, and links from each board to all others. */
import {
  type Dashboard,
  DashboardBuilder,
  ConstantVariableBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { CONSTANTS, type ConstantName } from './aws-metrics';
import { type Draft } from './panels';
import { type Runbook } from './runbook';
import { DATA_SOURCES, type DataSourceName, sourceVariable } from './sources';

export type Sections = Readonly<Record<string, readonly Draft[]>>;

export interface Board {
  /** The uid without {@link PREFIX}. */
  readonly name: string;
  readonly title: string;
  /** One sentence. */
  readonly description: string;
  /** The panels of each row, by its title. */
  readonly sections: Sections;
  /** Start of the initial time range. @default 'now-6h' */
  readonly from?: string;
}

export const PREFIX = 'pipeline-';
/** The tag by which boards link to each other. */
export const TAG = 'pinterest-pipeline';

const COLUMNS = 24;

export const uidOf = (name: string): string => `${PREFIX}${name}`;

/** The board as Grafana stores it. The same input gives the same JSON. */
export function buildBoard(board: Board, runbook: Runbook): Dashboard {
  const builder = new DashboardBuilder(board.title)
    .uid(uidOf(board.name))
    .description(board.description)
    .tags([TAG])
    // Boards change in code only. Changes in the browser can be saved as a copy.
    .readonly()
    .timezone('utc')
    .time({ from: board.from ?? 'now-6h', to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Boards').type(DashboardLinkType.Dashboards).tags([TAG]).asDropdown(true).keepTime(true),
    );
  if (runbook.url !== undefined) {
    builder.link(new DashboardLinkBuilder('Runbook').type(DashboardLinkType.Link).url(runbook.url).targetBlank(true));
  }
  place(builder, board, runbook);
  const built = builder.build();
  const text = JSON.stringify(built.panels);
  for (const name of Object.keys(DATA_SOURCES) as DataSourceName[]) {
    if (text.includes(`\${${name}}`)) builder.withVariable(sourceVariable(name));
  }
  for (const [name, description] of Object.entries(CONSTANTS) as [ConstantName, string][]) {
    if (text.includes(`\${${name}}`)) {
      builder.withVariable(new ConstantVariableBuilder(name).label(description).description(description).value(''));
    }
  }
  return builder.build();
}

/** Places panels left to right, and the next line below the highest panel of the line. */
function place(builder: DashboardBuilder, board: Board, runbook: Runbook): void {
  let id = 1;
  let y = 0;
  for (const [title, panels] of Object.entries(board.sections)) {
    builder.withRow(new RowBuilder(title).id(id++).gridPos({ x: 0, y, w: COLUMNS, h: 1 }));
    y += 1;
    let x = 0;
    let height = 0;
    for (const draft of panels) {
      if (x + draft.width > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      const panel = draft.build(runbook);
      panel.id(id++);
      panel.gridPos({ x, y, w: draft.width, h: draft.height });
      builder.withPanel(panel);
      x += draft.width;
      height = Math.max(height, draft.height);
    }
    y += height;
  }
}
