/** All boards and alert rules, in the form that the deployment sends to Grafana. */
import { type Content, type JsonObject } from '../../lambda/provision/grafana/core';
import { ruleGroups } from './alerts';
import { type Board, buildBoard } from './board';
import { BATCH } from './boards/batch';
import { COST } from './boards/cost';
import { INGEST } from './boards/ingest';
import { KAFKA } from './boards/kafka';
import { OVERVIEW } from './boards/overview';
import { QUALITY } from './boards/quality';
import { SPEED } from './boards/speed';
import { STORE } from './boards/store';
import { otherMetrics } from './others';
import { type Runbook } from './runbook';
import { PLUGINS } from './sources';

/** In the order in which a post passes the steps. */
const DRAWN: readonly Board[] = [OVERVIEW, INGEST, KAFKA, BATCH, SPEED, STORE, QUALITY, COST];

export const BOARDS: readonly Board[] = DRAWN.map((board) =>
  board === QUALITY ? { ...board, sections: { ...board.sections, ...otherMetrics(DRAWN) } } : board,
);

/** Uid of the folder, and the prefix of all uids in the workspace. */
export const FOLDER_UID = 'pipeline';

/** @param title title of the folder */
export function contentOf(title: string, runbook: Runbook): Content {
  return {
    folder: { uid: FOLDER_UID, title },
    plugins: PLUGINS,
    dashboards: BOARDS.map((board) => plain(buildBoard(board, runbook))),
    ruleGroups: ruleGroups(FOLDER_UID, runbook),
  };
}

/** Removes methods and undefined fields that the builders leave. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
